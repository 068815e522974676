/**
 * Which coupons there are, asked at the door: a request for one that does not exist costs no record, no place in a lane
 * and no row. Coupons are never deleted, so one that is known is known for good; one that is unknown may be opened at any
 * moment, so that is remembered for a second. What can go wrong, and what is answered:
 *
 * - the catalogue is away or slow: nothing is said, and the request goes on as if there were no door. Requests are accepted
 *   while the database is away, and a worker judges them later. For a second nobody waits for the catalogue again;
 * - a coupon is opened by another process: for up to a second its first requests may still be told that it is unknown,
 *   which is no verdict; opened by this one, it is known at once.
 */
import type { CouponCatalog } from "../../processors/coupons/coupon-ports.ts";
import { createLru } from "../../engine/lru.ts";
import type { CouponId } from "../../schemas/coupon.ts";
import type { ApiClock } from "../http/clock.ts";
import { coalesce } from "../http/coalesce.ts";
import { within } from "../http/deadline.ts";

/** What the door knows of a coupon: undefined where the catalogue could not say. */
export type Existence = "known" | "unknown" | undefined;

/** Asks the catalogue, and remembers. */
export interface CouponDoor {
  /** Never rejects. */
  readonly look: (couponId: CouponId) => Existence | Promise<Existence>;
  /** It was opened here. */
  readonly opened: (couponId: CouponId) => void;
}

/** The bounds of a door. */
export interface DoorSettings {
  /** How long a request waits for the catalogue, ms. */
  readonly lookMs: number;
  /** How long it is remembered that a coupon is unknown, or that the catalogue is away, ms. */
  readonly rememberedMs: number;
  /** Coupons remembered, known and unknown each. */
  readonly maxCoupons: number;
  /** Coupons asked for and not answered; beyond them the catalogue is not asked: made-up ids must not queue up. */
  readonly maxWaiting: number;
}

/** Bounds that fit a catalogue in a database. */
export const doorDefaults: DoorSettings = { lookMs: 250, rememberedMs: 1_000, maxCoupons: 10_000, maxWaiting: 2_000 };

/** Coupons in one question. */
const maxLookupIds = 1_000;

/** A door. Requests that come while the catalogue is asked are asked for together (coalesce.ts). */
export const createCouponDoor = (
  catalog: Pick<CouponCatalog, "find">,
  clock: ApiClock,
  { lookMs, rememberedMs, maxCoupons, maxWaiting }: DoorSettings = doorDefaults,
): CouponDoor => {
  const known = createLru<CouponId, true>(maxCoupons);
  const unknownUntil = createLru<CouponId, number>(maxCoupons);
  let awayUntilMs = 0;
  const isAhead = (untilMs: number): boolean => {
    const now = clock.now();
    // A clock that is set back must not make a second into hours.
    return now < untilMs && untilMs - now <= rememberedMs;
  };
  const questions = coalesce<CouponId, boolean>(
    async (ids) => {
      const found = await catalog.find([...new Set(ids)]);
      return ids.map((id) => found.has(id));
    },
    { maxItems: maxLookupIds },
  );
  const ask = async (couponId: CouponId): Promise<Existence> => {
    try {
      const exists = await within(clock, lookMs, () => questions.ask(couponId));
      if (exists) known.set(couponId, true);
      // Opened meanwhile, it is known: this answer is older.
      else if (known.get(couponId) === undefined) unknownUntil.set(couponId, clock.now() + rememberedMs);
      return exists || known.get(couponId) !== undefined ? "known" : "unknown";
    } catch {
      awayUntilMs = clock.now() + rememberedMs;
      return undefined;
    }
  };
  return {
    look: (couponId) => {
      if (known.get(couponId) !== undefined) return "known";
      if (isAhead(unknownUntil.get(couponId) ?? 0)) return "unknown";
      return isAhead(awayUntilMs) || questions.waiting() >= maxWaiting ? undefined : ask(couponId);
    },
    opened: (couponId) => known.set(couponId, true),
  };
};
