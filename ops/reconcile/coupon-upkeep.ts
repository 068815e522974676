/** What a worker of coupon issuing looks after: that the gate says what the database says. */
import pLimit, { type LimitFunction } from "p-limit";
import type { Fence } from "../../engine/lease.ts";
import {
  compareCoupons,
  reconcileCoupon,
  type ReconcilePorts,
  type Repaired,
} from "../../processors/coupons/reconcile-coupons.ts";
import type { Upkeep, UpkeepPass } from "../../engine/worker/upkeep.ts";
import { type CouponId, couponIssueRequests } from "../../schemas/coupon.ts";

/** What it reads and writes. */
export interface CouponUpkeepOptions {
  /** Time between two passes. A counter that differs is set right in the pass after the one that found it. */
  readonly intervalMs: number;
  /** Bound to a lease, to change something; without one, to look. */
  readonly ports: (fence?: Fence) => ReconcilePorts;
  /** Coupons to be looked at besides those of rounds: some of all there are, or none. Called once a pass. */
  readonly pages: () => Promise<readonly CouponId[]>;
  /** Called for everything that was repaired. */
  readonly repaired: (repaired: Repaired) => void;
  /** Called after each pass with the units in flight of the coupons it looked at. */
  readonly looked?: (marks: number) => void;
}

/** Coupons compared at a time: one script and one statement, a few ms. */
const comparedAtOnce = 1_000;
/** Coupons that wait for their turn to be looked at exclusively, or are being: the others come in a later pass. */
const repairsMax = 200;
/** Of those, how many at once, so that they take few connections from rounds: 200 take a tenth of a second. */
const repairsAtOnce = 8;

/**
 * The upkeep of a coupon worker. Each pass compares what the gate has of the coupons that rounds have touched, and of a page of
 * others, with the database, many at once and without holding anything up. What differs may only be in flight; where it
 * still differs in the next pass, it is looked at again with nothing of it in flight, and set right. Not where the database has
 * issued some of it since: a round did, which has settled the counter, and what differs now is of another one. Measured 2026-11-28
 * with 1,000 coupons under full load, before that was asked: 422 and 1,054 such looks beside 400 and 335 rounds, a transaction each.
 */
export const couponUpkeep = (options: CouponUpkeepOptions): Upkeep => {
  const state: State = {
    ...{ due: new Set(), differed: new Map(), repairing: new Set() },
    ...{ limit: pLimit(repairsAtOnce), problem: undefined },
  };
  return {
    intervalMs: options.intervalMs,
    topic: couponIssueRequests,
    pass: async (pass) => {
      // Keys of this topic are coupon ids; one that was never checked is none of the database's, and has no counter.
      for (const key of pass.touched) state.due.add(key as CouponId);
      for (const couponId of await options.pages()) state.due.add(couponId);
      await compareCounters(options, state, pass);
      const { problem } = state;
      state.problem = undefined;
      if (problem !== undefined) throw problem;
    },
  };
};

interface State {
  /** To be compared in this pass; what a pass that was cut short did not reach stays. */
  readonly due: Set<CouponId>;
  /** Those that differed when they were last compared, with what the database had left then. */
  readonly differed: Map<CouponId, number>;
  /** Those that are being set right, or wait until nothing of them is in flight: a pass waits for none of them. */
  readonly repairing: Set<CouponId>;
  readonly limit: LimitFunction;
  /** What went wrong with one coupon, and does not keep the others from being repaired. */
  problem: unknown;
}

const compareCounters = async (options: CouponUpkeepOptions, state: State, pass: UpkeepPass): Promise<void> => {
  const { due, differed } = state;
  const couponIds = [...new Set([...differed.keys(), ...due])];
  let held = 0;
  for (let from = 0; from < couponIds.length; from += comparedAtOnce) {
    const some = couponIds.slice(from, from + comparedAtOnce);
    const compared = await compareCoupons(options.ports(), some.filter(pass.owns));
    if (pass.signal.aborted) return;
    held += compared.marks;
    for (const couponId of some) {
      due.delete(couponId);
      const before = differed.get(couponId);
      differed.delete(couponId);
      const left = compared.differing.get(couponId);
      if (left === undefined) continue;
      differed.set(couponId, left);
      if (left === before) setRight(options, state, pass, couponId);
    }
  }
  options.looked?.(held);
};

/** Starts to set one coupon right, as soon as nothing of it is in flight; a later pass comes by again where it is busy. */
const setRight = (
  { ports, repaired }: CouponUpkeepOptions,
  state: State,
  { exclusive }: UpkeepPass,
  couponId: CouponId,
): void => {
  const { repairing, limit } = state;
  if (repairing.has(couponId) || repairing.size >= repairsMax) return;
  repairing.add(couponId);
  // Asked for a few at once: a repair that waits for its turn must not keep a lane, or hold up a drain.
  void limit(() => exclusive(couponId, (fence) => reconcileCoupon(ports(fence), couponId)))
    .then((done) => done && repaired(done))
    .catch((error: unknown) => {
      state.problem ??= error;
    })
    .finally(() => repairing.delete(couponId));
};
