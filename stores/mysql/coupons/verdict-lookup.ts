/** Answers how reservations ended, for those who ask. */
import type { VerdictLookup } from "../../../processors/coupons/coupon-ports.ts";
import { Fatal } from "../../../engine/errors.ts";
import { isUuid } from "../../../schemas/ids.ts";
import type { Database } from "../database.ts";
import { readVerdicts } from "./round-statements.ts";
import { withSession } from "../session.ts";

/** Ids one call may ask for. */
const lookupMaxIds = 10_000;

/**
 * The {@link VerdictLookup} of a database. What is no reservation id has no verdict.
 * @throws Fatal above 10,000 ids.
 */
export const verdictLookup = (database: Database): VerdictLookup => ({
  find: async (reservationIds) => {
    if (reservationIds.length > lookupMaxIds) {
      throw new Fatal("LOOKUP_TOO_LARGE", `at most ${lookupMaxIds} ids a lookup, got ${reservationIds.length}`);
    }
    const wanted = reservationIds.filter(isUuid).map((reservationId) => ({ reservationId }));
    return wanted.length === 0 ? new Map() : withSession(database, (session) => readVerdicts(session, wanted));
  },
});
