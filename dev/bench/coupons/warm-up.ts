/**
 * What a worker has had before its clock starts: the same workload, for coupons of its own. A worker that begins cold spends its first
 * seconds on compiling what it runs, and a run lasts few; a rival that is measured warm is compared with one that is.
 */
import type { Scenario } from "../scenarios.ts";

/** A workload that warms up for another one: at most as many requests, in the same order. */
export type WarmUp = Pick<Scenario, "coupons" | "requests" | "ask">;

/** Begins the id of a coupon that is there to warm up. */
export const warmUpPrefix = "warm-";

/**
 * The first requests of a workload, for a twin of each coupon, in the same partition: so its records stand before those that are
 * measured, and are decided by the same lanes. A twin has its share of the stock, so as many are sold out as in the workload.
 */
export const warmUpOf = (
  { coupons, requests: all, ask }: Scenario,
  requests: number,
  partitionOf: (couponId: string) => number,
): WarmUp => {
  const most = Math.min(requests, all);
  const twins = new Map(coupons.map(({ couponId }) => [couponId, twinOf(couponId, partitionOf)]));
  return {
    requests: most,
    coupons: coupons.map(({ couponId, stock }) => ({
      couponId: twins.get(couponId) ?? couponId,
      stock: Math.max(1, Math.ceil((stock * most) / all)),
    })),
    ask: (n) => {
      const asked = ask(n);
      return { ...asked, couponId: twins.get(asked.couponId) ?? asked.couponId };
    },
  };
};

/** Ids are tried until one falls into the partition: a few, where there are few partitions. */
const twinOf = (couponId: string, partitionOf: (couponId: string) => number): string => {
  const partition = partitionOf(couponId);
  for (let at = 0; ; at++) {
    const twin = `${warmUpPrefix}${couponId}-${at}`;
    if (partitionOf(twin) === partition) return twin;
  }
};
