/**
 * Makes the gate agree with the database again, one coupon at a time: after a flush or a restore of Redis, and where a
 * unit is held for a reservation that came to nothing.
 *
 * A round settles what it has decided by itself. What is left to do is about coupons that no round comes by: a call that was
 * given up on and arrived late, a round whose worker died and whose records nobody has fetched again, a counter that somebody
 * else changed. The database is the truth, so while nothing of a coupon is in flight its counter should be what the database
 * says is left, and it should have no mark.
 *
 * A repair never leaves the counter below what the database has left, not even one that takes effect late: what is left
 * in the database only falls. A request whose mark it drops, and which is queued, simply takes again, in its turn.
 */
import type { CouponId } from "../../schemas/coupon.ts";

/** What the gate says of one coupon. */
export interface Counter {
  /** Units left; no number (NaN) where what the gate has is none: a repair sets it. */
  readonly left: number;
  /** Units in flight: taken, and neither settled nor given back. */
  readonly marks: number;
  /** Its place in the gate holds something else altogether: no repair touches it. `left` is NaN. */
  readonly foreign?: true;
}

/** What to change about one coupon: its counter; its marks all go. */
export interface Repair {
  readonly couponId: CouponId;
  /** The counter as it was seen: where it is another one by now, nothing is changed. */
  readonly seen: number;
  /** The counter as it should be. */
  readonly left: number;
}

/** The gate, as it is looked at and repaired. */
export interface CouponGate {
  /** The counters there are. Not atomic over several coupons. @throws Unavailable */
  readonly counters: (couponIds: readonly CouponId[]) => Promise<ReadonlyMap<CouponId, Counter>>;
  /** Repairs atomically; answers how many marks went, or undefined where the counter is another one by now. @throws Unavailable @throws Fenced */
  readonly repair: (repair: Repair) => Promise<number | undefined>;
}

/** The truth, as the gate is held against it. */
export interface CouponTruth {
  /** What is left of each coupon that exists, read without a lock. @throws Unavailable */
  readonly remaining: (couponIds: readonly CouponId[]) => Promise<ReadonlyMap<CouponId, number>>;
  /**
   * What is left of one coupon, after whatever still writes about it has ended; undefined where there is no such coupon.
   * @throws Unavailable @throws Retriable @throws Fenced
   */
  readonly stored: (couponId: CouponId) => Promise<number | undefined>;
}

/** What reconciling works with; both are bound to the lease it is done by, where anything is to be changed. */
export interface ReconcilePorts {
  readonly gate: CouponGate;
  readonly truth: CouponTruth;
}

/** What was repaired. */
export interface Repaired {
  readonly couponId: CouponId;
  /** The counter before. */
  readonly seen: number;
  /** The counter after. */
  readonly left: number;
  /** Marks taken away. */
  readonly droppedMarks: number;
}

/** What to change, given what was seen while nothing of the coupon was in flight; undefined where all is well. */
export const decideRepair = (
  couponId: CouponId,
  counter: Counter,
  remaining: number | undefined,
): Repair | undefined => {
  // Not a coupon of this database: it is not known what its counter should be.
  if (remaining === undefined || !differs(counter, remaining)) return undefined;
  return { couponId, seen: counter.left, left: remaining };
};

const differs = ({ left, marks }: Counter, remaining: number): boolean => left !== remaining || marks > 0;

/**
 * Repairs one coupon. To be called while nothing of the coupon is in flight, under the lease of its partition. Answers
 * undefined where nothing was to be done, or the gate changed meanwhile: look again later. Bounded: two calls of the gate,
 * one short transaction.
 * @throws Unavailable @throws Retriable @throws Fenced nothing is harmed, look again later.
 */
export const reconcileCoupon = async (
  { gate, truth }: ReconcilePorts,
  couponId: CouponId,
): Promise<Repaired | undefined> => {
  const counter = (await gate.counters([couponId])).get(couponId);
  // The next request that takes from it starts it from the database.
  if (counter === undefined) return undefined;
  const repair = decideRepair(couponId, counter, await truth.stored(couponId));
  if (repair === undefined) return undefined;
  const droppedMarks = await gate.repair(repair);
  return droppedMarks === undefined ? undefined : { ...repair, droppedMarks };
};

/** What comparing many coupons came to. */
export interface Compared {
  /** Those that are not as the database says, with what that has left: for good, or because requests are in flight. */
  readonly differing: ReadonlyMap<CouponId, number>;
  /** Units in flight of all of them. */
  readonly marks: number;
}

/** Compares the gate with the database, many coupons at once. Those without a counter are in order: who asks next starts it. */
export const compareCoupons = async (
  { gate, truth }: ReconcilePorts,
  couponIds: readonly CouponId[],
): Promise<Compared> => {
  if (couponIds.length === 0) return { differing: new Map(), marks: 0 };
  const counters = await gate.counters(couponIds);
  const remaining = await truth.remaining([...counters.keys()]);
  const differing = [...remaining].filter(([couponId, should]) => {
    const counter = counters.get(couponId);
    return counter !== undefined && differs(counter, should);
  });
  return { differing: new Map(differing), marks: [...counters.values()].reduce((sum, { marks }) => sum + marks, 0) };
};
