/** The book of a simulated database: decides with the code that decides in front of the real one, and writes all or nothing. */
import type { CouponBook } from "../../../processors/coupons/coupon-ports.ts";
import type { Fence } from "../../../engine/lease.ts";
import { Retriable } from "../../../engine/errors.ts";
import type { ReservationId } from "../../../schemas/coupon.ts";
import { type Decision, allocateCoupons, holderKey } from "../../../processors/coupons/allocate-coupons.ts";
import {
  type MemoryDatabase,
  memoryCouponBook,
  refuseStale,
  remainingOf,
} from "../../../processors/memory/memory-database.ts";

/** A book on a database in memory; a refusal of the gate is written as the fake does. */
export const decidingBook = (database: MemoryDatabase, fence: Fence): CouponBook => ({
  issue: async (issues) => {
    refuseStale(database, fence);
    const { verdicts, remaining } = database;
    const decision = allocateCoupons(issues, { verdicts, remaining, holders: holdersOf(database) });
    write(database, decision);
    return { answers: decision.answers, remaining: remainingOf(database, issues) };
  },
  refuse: memoryCouponBook(database, fence).refuse,
});

const holdersOf = ({ verdicts }: MemoryDatabase): ReadonlyMap<string, ReservationId> =>
  new Map(
    [...verdicts].flatMap(([id, { kind, couponId, userId }]) =>
      kind === "issued" ? [[holderKey(couponId, userId), id] as const] : [],
    ),
  );

/** A row that is there already fails the transaction, as its primary key does. */
const write = ({ verdicts, remaining, holders }: MemoryDatabase, { issued, refused }: Decision): void => {
  const taken = [...issued, ...refused].find(({ reservationId }) => verdicts.has(reservationId));
  if (taken !== undefined) throw new Retriable("CHANGED_UNDERNEATH", `${taken.reservationId} has a row already`);
  for (const issue of issued) {
    const { couponId, userId, reservationId, policyId, issuedAt, expiresAt } = issue;
    remaining.set(couponId, (remaining.get(couponId) ?? 0) - 1);
    verdicts.set(reservationId, { kind: "issued", couponId, userId, policyId, issuedAt, expiresAt });
    // As the fake keeps it, which writes the refusals.
    holders.set(JSON.stringify([couponId, userId]), reservationId);
  }
  for (const { couponId, userId, reservationId, reason, refusedAt } of refused)
    verdicts.set(reservationId, { kind: "refused", couponId, userId, reason, refusedAt });
};
