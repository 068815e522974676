/** What a worker of coupon issuing looks after: that the gate says what the database says. */
import pLimit, { type LimitFunction } from "p-limit";
import type { Fence } from "../../engine/lease.ts";
import {
  compareCoupons,
  findSuspects,
  type Mark,
  reconcileCoupon,
  type ReconcilePorts,
  type Repaired,
  repairMaxMarks,
} from "../../processors/coupons/reconcile-coupons.ts";
import type { Upkeep, UpkeepPass } from "../../engine/worker/upkeep.ts";
import { type CouponId, couponIssueRequests } from "../../schemas/coupon.ts";

/** What it reads and writes. */
export interface CouponUpkeepOptions {
  /** Time between two passes. A counter that differs is set right in the pass after the one that found it. */
  readonly intervalMs: number;
  /** Bound to a lease, to change something; without one, to look. */
  readonly ports: (fence?: Fence) => ReconcilePorts;
  /** A page of all coupons there are, another one at each call. */
  readonly pages: () => Promise<readonly CouponId[]>;
  /** Called for everything that was repaired. */
  readonly repaired: (repaired: Repaired) => void;
}

/** Coupons compared at a time: two thousand Redis reads and one statement, some 10 ms. */
const comparedAtOnce = 1_000;
/** Coupons that wait for their turn to be looked at exclusively, or are being: the others come in a later pass. */
const repairsMax = 200;
/** Of those, how many at once, so that they take few connections from rounds: 200 take a tenth of a second. */
const repairsAtOnce = 8;
/** Marks a pass looks through where something was set right, and where nothing was: some 50 and 10 ms of the database. */
const passMaxMarks = { urgent: 5_000, routine: 1_000 };
/** Pages of marks a pass reads: most coupons have few. */
const passMaxPages = 50;
/** Coupons whose marks are to be looked through, at most; the sweep comes by again. */
const auditsMax = 10_000;

/**
 * The upkeep of a coupon worker. Each pass compares the counters of what rounds have touched, and of a page of all coupons,
 * with the database, many at once and without holding anything up. What differs may only be in flight; where it
 * still differs in the next pass, it is looked at again with nothing of it in flight, and set right. Then its marks are
 * looked through in the same two steps, some thousands a pass; so are, when there is time, those of all coupons.
 */
export const couponUpkeep = (options: CouponUpkeepOptions): Upkeep => {
  const state: State = {
    ...{ due: new Set(), differed: new Set(), urgent: new Map(), routine: new Map() },
    ...{ repairing: new Set(), limit: pLimit(repairsAtOnce), problem: undefined },
  };
  return {
    intervalMs: options.intervalMs,
    topic: couponIssueRequests,
    pass: async (pass) => {
      // Keys of this topic are coupon ids; one that was never checked is none of the database's, and has no counter.
      for (const key of pass.touched) state.due.add(key as CouponId);
      for (const couponId of await options.pages()) state.due.add(couponId);
      await compareCounters(options, state, pass);
      await auditMarks(options, state, pass);
      const { problem } = state;
      state.problem = undefined;
      if (problem !== undefined) throw problem;
    },
  };
};

interface State {
  /** To be compared in this pass; what a pass that was cut short did not reach stays. */
  readonly due: Set<CouponId>;
  /** Those that differed when they were last compared. */
  readonly differed: Set<CouponId>;
  /** Whose marks are to be looked through, and from where on: what was set right first. */
  readonly urgent: Map<CouponId, string | undefined>;
  readonly routine: Map<CouponId, string | undefined>;
  /** Those that are being set right, or wait until nothing of them is in flight: a pass waits for none of them. */
  readonly repairing: Set<CouponId>;
  readonly limit: LimitFunction;
  /** What went wrong with one coupon, and does not keep the others from being repaired. */
  problem: unknown;
}

const compareCounters = async (options: CouponUpkeepOptions, state: State, pass: UpkeepPass): Promise<void> => {
  const { due, differed, urgent, routine } = state;
  const couponIds = [...new Set([...differed, ...due])];
  for (let from = 0; from < couponIds.length; from += comparedAtOnce) {
    const some = couponIds.slice(from, from + comparedAtOnce);
    const compared = await compareCoupons(options.ports(), some.filter(pass.owns));
    if (pass.signal.aborted) return;
    const differing = new Set(compared.differing);
    for (const couponId of compared.marked)
      if (routine.size < auditsMax && !routine.has(couponId)) routine.set(couponId, undefined);
    for (const couponId of some) {
      due.delete(couponId);
      const again = differed.delete(couponId);
      if (!differing.has(couponId)) continue;
      differed.add(couponId);
      if (again && setRight(options, state, pass, { couponId, suspects: [] })) urgent.set(couponId, undefined);
    }
  }
};

const auditMarks = async (options: CouponUpkeepOptions, state: State, pass: UpkeepPass): Promise<void> => {
  let looked = 0;
  for (let pages = 0; pages < passMaxPages && !pass.signal.aborted; pages++) {
    const isUrgent = state.urgent.size > 0;
    const audits = isUrgent ? state.urgent : state.routine;
    const [first] = audits;
    if (first === undefined || looked >= (isUrgent ? passMaxMarks.urgent : passMaxMarks.routine)) return;
    const [couponId, from] = first;
    const nothing = { looked: 0, suspects: [], next: undefined };
    const page = pass.owns(couponId) ? await findSuspects(options.ports(), couponId, from) : nothing;
    const { suspects, next } = page;
    looked += page.looked;
    const started = suspects.length === 0 || setRight(options, state, pass, { couponId, suspects });
    audits.delete(couponId);
    // Looked at again, after the others, where it is being set right still.
    if (!started) audits.set(couponId, from);
    else if (next !== undefined) audits.set(couponId, next);
  }
};

/** Starts to set one coupon right, as soon as nothing of it is in flight; false where that is to be tried again later. */
const setRight = (
  { ports, repaired }: CouponUpkeepOptions,
  state: State,
  { exclusive }: UpkeepPass,
  { couponId, suspects }: { readonly couponId: CouponId; readonly suspects: readonly Mark[] },
): boolean => {
  const { repairing, limit } = state;
  if (repairing.has(couponId) || repairing.size >= repairsMax) return false;
  const repair = async (some: readonly Mark[]): Promise<void> => {
    // Asked for a few at once: a repair that waits for its turn must not keep a lane, or hold up a drain.
    const done = await limit(() => exclusive(couponId, (fence) => reconcileCoupon(ports(fence), couponId, some)));
    if (done !== undefined) repaired(done);
  };
  const all = async (): Promise<void> => {
    for (let at = 0; at === 0 || at < suspects.length; at += repairMaxMarks)
      await repair(suspects.slice(at, at + repairMaxMarks));
  };
  repairing.add(couponId);
  void all()
    .catch((error: unknown) => {
      state.problem ??= error;
    })
    .finally(() => repairing.delete(couponId));
  return true;
};
