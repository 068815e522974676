/** Reconciles by hand, when no worker is there to do it: one coupon after the other, by the leases of their partitions. */
import { Fenced, Poison } from "../../engine/errors.ts";
import type { Fence } from "../../engine/lease.ts";
import { compareCoupons, reconcileCoupon, type ReconcilePorts } from "../../processors/coupons/reconcile-coupons.ts";
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import type { GroupDescription } from "../../engine/log/kafka/admin/admin.ts";
import { type CouponId, couponIssueRequests } from "../../schemas/coupon.ts";
import { CliError, exitCodes } from "../../engine/app/cli.ts";

/** A coupon whose counter was not what the database says, or that had marks although no worker ran. */
export interface Difference {
  readonly couponId: CouponId;
  /** Null where what its key holds is no counter. */
  readonly counter: number | null;
  readonly remaining: number;
  readonly marks: number;
  /**
   * `seen`: it was only to be looked at. `changed`: it changed meanwhile and was left as it is. `wrong`: its key in Redis holds
   * something that the gate never wrote; it is left for an operator to look at.
   */
  readonly done: "repaired" | "seen" | "changed" | "wrong";
}

/** What it works with. */
export interface ByHandOptions {
  /** Bound to a lease, to change something; without one, to look. */
  readonly ports: (fence?: Fence) => ReconcilePorts;
  /** Takes the lease of a partition of the requests. */
  readonly lease: (partition: number) => Promise<Fence>;
  /** Only look. */
  readonly dryRun: boolean;
}

/**
 * Workers hold the leases, and reconcile by themselves: taking those away from them would only hold them up.
 * @throws CliError (GROUP_HAS_MEMBERS), naming them.
 */
export const refuseMembers = (groupId: string, { members }: GroupDescription): void => {
  if (members.length === 0) return;
  const who = members.map(({ clientId, host }) => `${clientId} at ${host}`).join(", ");
  throw new CliError(`group ${groupId} has ${members.length} member(s): ${who}`, {
    code: "GROUP_HAS_MEMBERS",
    exitCode: exitCodes.refused,
    fix: "Workers reconcile by themselves every second (SLUICE_RECONCILE_INTERVAL_MS). To look without changing anything: --dry-run",
  });
};

/**
 * Sets coupons right; answers those that differed. Idempotent: what is interrupted is done by the next run.
 * @throws CliError (TAKEN_OVER) where a worker takes a partition over meanwhile. @throws Unavailable @throws Retriable
 */
export const reconcileByHand = async (
  options: ByHandOptions,
  couponIds: readonly CouponId[],
): Promise<readonly Difference[]> => {
  const { ports, dryRun } = options;
  const [counters, remaining] = [await ports().gate.counters(couponIds), await ports().truth.remaining(couponIds)];
  const { differing } = await compareCoupons(ports(), couponIds);
  const differences: Difference[] = [];
  for (const couponId of differing.keys()) {
    const { left, marks, foreign } = counters.get(couponId) ?? { left: Number.NaN, marks: 0 };
    const counter = Number.isNaN(left) ? null : left;
    const seen = { couponId, counter, remaining: remaining.get(couponId) ?? 0, marks };
    const only = foreign ? "wrong" : "seen";
    differences.push({ ...seen, done: dryRun ? only : await setRight(options, couponId) });
  }
  return differences;
};

/** A key that is not the gate's is one coupon's: the others are set right all the same. */
const setRight = async (options: ByHandOptions, couponId: CouponId): Promise<Difference["done"]> => {
  try {
    return (await byLease(options, couponId)) === undefined ? "changed" : "repaired";
  } catch (error) {
    if (error instanceof Poison) return "wrong";
    throw error;
  }
};

const byLease = async ({ ports, lease }: ByHandOptions, couponId: CouponId) => {
  const partition = partitionOfKey(Buffer.from(couponId), couponIssueRequests.partitions);
  try {
    return await reconcileCoupon(ports(await lease(partition)), couponId);
  } catch (error) {
    if (!(error instanceof Fenced)) throw error;
    throw new CliError(`a worker took partition ${partition} over meanwhile: ${error.message}`, {
      code: "TAKEN_OVER",
      exitCode: exitCodes.conflict,
      fix: "Nothing is harmed; the worker reconciles by itself.",
      cause: error,
    });
  }
};
