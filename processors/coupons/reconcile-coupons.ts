/**
 * Makes the gate agree with the database again, one coupon at a time: after a flush or a restore of Redis, and where a
 * unit is held for a reservation that came to nothing.
 *
 * The database is the truth, so while nothing of a coupon is in flight its counter should be what the database says is
 * left, and a mark should be only of a reservation that is issued. Two rules make it simple:
 *
 * - **The counter is set without counting marks**, stale ones or not. Should the request of a stale mark come yet, the gate lets it
 *   through without taking a unit: the counter is then too high by one, and the database refuses the last request. Were the
 *   unit kept for it, those before it in the queue would be answered that all is sold out.
 * - **A mark goes without giving a unit back**, for the same reason. A request that is queued simply takes again, in its turn.
 *
 * So a repair never leaves the counter below what the database has left, not even one that takes effect late: what is left
 * in the database only falls. Marks that are missing are not made again: the database knows who has a coupon.
 */
import type { CouponId, ReservationId } from "../../schemas/coupon.ts";
import type { OwnedVerdict, Take, VerdictLookup } from "./coupon-ports.ts";

/** What the gate says of one coupon. */
export interface Counter {
  /** Units left. */
  readonly left: number;
  /** Units given out since the counter was initialised, and not given back. */
  readonly marks: number;
}

/** A unit given out: to whom, for which reservation. */
export type Mark = Pick<Take, "userId" | "reservationId">;

/** What to change about one coupon. */
export interface Repair {
  readonly couponId: CouponId;
  /** The counter as it was seen: where it is another one by now, nothing is changed. */
  readonly seen: number;
  /** The counter as it should be. */
  readonly left: number;
  /** Marks to take away, each only where it is still of that very reservation; at most {@link repairMaxMarks}. */
  readonly drop: readonly Mark[];
}

/** Marks that one repair deals with: what one script, and one statement, should be given. */
export const repairMaxMarks = 1_000;

/** The gate, as it is looked at and repaired. */
export interface CouponGate {
  /** The counters there are. Not atomic over several coupons. @throws Unavailable */
  readonly counters: (couponIds: readonly CouponId[]) => Promise<ReadonlyMap<CouponId, Counter>>;
  /**
   * Some marks of a coupon, about {@link repairMaxMarks}; `next` is where they end, undefined after the last.
   * Whatever is there from the first page to the last is in one of them, perhaps in two. @throws Unavailable
   */
  readonly marks: (
    couponId: CouponId,
    from: string | undefined,
  ) => Promise<{ readonly marks: readonly Mark[]; readonly next: string | undefined }>;
  /** Repairs atomically; answers how many marks went, or undefined where the counter is another one by now. @throws Unavailable @throws Fenced */
  readonly repair: (repair: Repair) => Promise<number | undefined>;
}

/** What the database has of one coupon. */
export interface Stored {
  /** Undefined where there is no such coupon. */
  readonly remaining: number | undefined;
  /** The verdicts there are for the reservations asked about. */
  readonly verdicts: ReadonlyMap<ReservationId, OwnedVerdict>;
}

/** The truth, as the gate is held against it. */
export interface CouponTruth extends VerdictLookup {
  /** What is left of each coupon that exists, read without a lock. @throws Unavailable */
  readonly remaining: (couponIds: readonly CouponId[]) => Promise<ReadonlyMap<CouponId, number>>;
  /** One coupon, after whatever still writes about it has ended. At most {@link repairMaxMarks} reservations. @throws Unavailable @throws Retriable @throws Fenced */
  readonly stored: (couponId: CouponId, reservationIds: readonly ReservationId[]) => Promise<Stored>;
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
  { left: seen }: Pick<Counter, "left">,
  { stored: { remaining, verdicts }, suspects }: { readonly stored: Stored; readonly suspects: readonly Mark[] },
): Repair | undefined => {
  // Not a coupon of this database: it is not known what its counter should be.
  if (remaining === undefined) return undefined;
  const drop = suspects.filter((mark) => !isEarned(couponId, mark, verdicts));
  return seen === remaining && drop.length === 0 ? undefined : { couponId, seen, left: remaining, drop };
};

/** Whether a mark is of what is issued, and to the user it names: a reservation that was reused for another user may be held by both. */
export const isEarned = (couponId: CouponId, mark: Mark, verdicts: Stored["verdicts"]): boolean => {
  const verdict = verdicts.get(mark.reservationId);
  return verdict?.kind === "issued" && verdict.couponId === couponId && verdict.userId === mark.userId;
};

/**
 * Repairs one coupon: its counter, and those of `suspects` that are of nothing issued. To be called while nothing of the
 * coupon is in flight, under the lease of its partition. Answers undefined where nothing was to be done, or the
 * gate changed meanwhile: look again later. Bounded: two calls of the gate, one short transaction.
 * @throws Unavailable @throws Retriable @throws Fenced nothing is harmed, look again later.
 */
export const reconcileCoupon = async (
  { gate, truth }: ReconcilePorts,
  couponId: CouponId,
  suspects: readonly Mark[] = [],
): Promise<Repaired | undefined> => {
  const counter = (await gate.counters([couponId])).get(couponId);
  // The next request that takes from it starts it from the database.
  if (counter === undefined) return undefined;
  const stored = await truth.stored(
    couponId,
    suspects.map(({ reservationId }) => reservationId),
  );
  const repair = decideRepair(couponId, counter, { stored, suspects });
  if (repair === undefined) return undefined;
  const droppedMarks = await gate.repair(repair);
  return droppedMarks === undefined ? undefined : { couponId, seen: repair.seen, left: repair.left, droppedMarks };
};

/** What comparing many coupons came to. */
export interface Compared {
  /** Those whose counter is not what is left in the database: for good, or because requests are in flight. */
  readonly differing: readonly CouponId[];
  /** Those that have marks. */
  readonly marked: readonly CouponId[];
}

/** Compares counters with the database, many at once. Those without a counter are in order: who asks next starts it. */
export const compareCoupons = async (
  { gate, truth }: ReconcilePorts,
  couponIds: readonly CouponId[],
): Promise<Compared> => {
  const counters = await gate.counters(couponIds);
  const remaining = await truth.remaining([...counters.keys()]);
  const differing = [...counters].flatMap(([couponId, { left }]) => {
    const should = remaining.get(couponId);
    return should === undefined || should === left ? [] : [couponId];
  });
  return { differing, marked: [...counters].flatMap(([couponId, { marks }]) => (marks > 0 ? [couponId] : [])) };
};

/** Marks of one page that are of nothing issued: for good, or because their requests are in flight. */
export const findSuspects = async (
  { gate, truth }: ReconcilePorts,
  couponId: CouponId,
  from: string | undefined,
): Promise<{ readonly looked: number; readonly suspects: readonly Mark[]; readonly next: string | undefined }> => {
  const { marks, next } = await gate.marks(couponId, from);
  const looked = marks.length;
  if (looked === 0) return { looked, suspects: [], next };
  const verdicts = await truth.find(marks.map(({ reservationId }) => reservationId));
  return { looked, suspects: marks.filter((mark) => !isEarned(couponId, mark, verdicts)), next };
};
