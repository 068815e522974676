/** Reconciles by hand, when no worker is there to do it: one coupon after the other, by the leases of their partitions. */
import { Fenced } from "../../engine/errors.ts";
import type { Fence } from "../../engine/lease.ts";
import {
  compareCoupons,
  findSuspects,
  type Mark,
  reconcileCoupon,
  type ReconcilePorts,
  repairMaxMarks,
} from "../../processors/coupons/reconcile-coupons.ts";
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import type { GroupDescription } from "../../engine/log/kafka/admin/admin.ts";
import { type CouponId, couponIssueRequests } from "../../schemas/coupon.ts";
import { CliError, exitCodes } from "../../engine/app/cli.ts";

/** A coupon whose counter was not what the database says, or that had marks for nothing issued. */
export interface Difference {
  readonly couponId: CouponId;
  readonly counter: number;
  readonly remaining: number;
  readonly staleMarks: number;
  /** `seen`: it was only to be looked at. `changed`: it changed meanwhile and was left as it is. */
  readonly done: "repaired" | "seen" | "changed";
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
  const differing = new Set((await compareCoupons(ports(), couponIds)).differing);
  const differences: Difference[] = [];
  for (const [couponId, { left: counter, marks }] of counters) {
    const seen = { couponId, counter, remaining: remaining.get(couponId) ?? Number.NaN };
    if (!remaining.has(couponId) || (marks === 0 && !differing.has(couponId))) continue;
    const done = dryRun ? await look(options, couponId) : await setRight(options, couponId, differing.has(couponId));
    if (differing.has(couponId) || done.staleMarks > 0) differences.push({ ...seen, ...done });
  }
  return differences;
};

const look = async (options: ByHandOptions, couponId: CouponId): Promise<Pick<Difference, "staleMarks" | "done">> => {
  let staleMarks = 0;
  for await (const suspects of suspectsOf(options, couponId)) staleMarks += suspects.length;
  return { staleMarks, done: "seen" };
};

const setRight = async (options: ByHandOptions, couponId: CouponId, differs: boolean) => {
  let [staleMarks, changed] = [0, false];
  const repair = async (suspects: readonly Mark[]): Promise<void> => {
    const repaired = await byLease(options, couponId, suspects);
    staleMarks += repaired?.droppedMarks ?? 0;
    changed ||= repaired === undefined;
  };
  if (differs) await repair([]);
  for await (const suspects of suspectsOf(options, couponId)) await repair(suspects);
  const done: Difference["done"] = changed ? "changed" : "repaired";
  return { staleMarks, done };
};

const suspectsOf = async function* ({ ports }: ByHandOptions, couponId: CouponId): AsyncGenerator<readonly Mark[]> {
  let from: string | undefined;
  do {
    const { suspects, next } = await findSuspects(ports(), couponId, from);
    for (let at = 0; at < suspects.length; at += repairMaxMarks) yield suspects.slice(at, at + repairMaxMarks);
    from = next;
  } while (from !== undefined);
};

const byLease = async ({ ports, lease }: ByHandOptions, couponId: CouponId, suspects: readonly Mark[]) => {
  const partition = partitionOfKey(Buffer.from(couponId), couponIssueRequests.partitions);
  try {
    return await reconcileCoupon(ports(await lease(partition)), couponId, suspects);
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
