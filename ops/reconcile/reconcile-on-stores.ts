/** Reconciling by hand on the real stores: opens them, asks the group, and goes through the coupons page by page. */
import { hostname } from "node:os";
import type { Fence } from "../../engine/lease.ts";
import { kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { type CouponId, couponIssueRequests } from "../../schemas/coupon.ts";
import { couponPages } from "../../stores/mysql/coupons/coupon-pages.ts";
import { couponTruth } from "../../stores/mysql/coupons/coupon-truth.ts";
import { type Database, openDatabase } from "../../stores/mysql/database.ts";
import { readDatabaseIdentity } from "../../stores/mysql/database-identity.ts";
import { partitionLeases } from "../../stores/mysql/partition-lease.ts";
import { openRedis } from "../../stores/redis/connection.ts";
import { couponGate } from "../../stores/redis/coupon-gate.ts";
import { checkGate, claimGate } from "../../stores/redis/gate-owner.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import { CliError, exitCodes } from "../../engine/app/cli.ts";
import type { Config } from "../config.ts";
import { type ByHandOptions, type Difference, reconcileByHand, refuseMembers } from "./reconcile-by-hand.ts";

/** What is to be reconciled. */
export interface Wish {
  /** All there are where it is empty. */
  readonly couponIds: readonly string[];
  readonly dryRun: boolean;
}

/** What came of it. */
export interface Reconciled {
  readonly group: string;
  /** Coupons looked at. */
  readonly looked: number;
  readonly differences: readonly Difference[];
}

/** Coupons at a time. */
const pageCoupons = 1_000;

/**
 * Reconciles, or looks only. @throws CliError where the group has members (and something is to be changed), where a worker
 * takes a partition over meanwhile, or where there is no such coupon.
 * @throws StartRefused where Redis is another database's gate. @throws Unavailable
 */
export const reconcileOnStores = async (config: Config, { couponIds, dryRun }: Wish): Promise<Reconciled> => {
  const { name } = couponIssuing.graph;
  const group = `${config.groupPrefix}.${name}`;
  if (!dryRun) refuseMembers(group, await describe(config, group));
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 2, poolKeptIdle: 0 });
  const redis = await openRedis({ redisUrl: config.redisUrl });
  try {
    const databaseId = await readDatabaseIdentity(database);
    await (dryRun ? checkGate : claimGate)(redis, databaseId);
    const options: ByHandOptions = {
      ports: (fence) => ({ gate: couponGate(redis, fence), truth: couponTruth(database, fence) }),
      lease: leasesOf(database),
      dryRun,
    };
    let looked = 0;
    const differences: Difference[] = [];
    for await (const page of pagesOf(database, options, couponIds)) {
      looked += page.length;
      differences.push(...(await reconcileByHand(options, page)));
    }
    return { group, looked, differences };
  } finally {
    redis.close();
    await database.close();
  }
};

const describe = async ({ brokers }: Config, group: string) => {
  const admin = await kafkaAdmin({ brokers, clientId: "sluice-reconcile" });
  try {
    return await admin.describeGroup(group);
  } finally {
    await admin.close();
  }
};

/** Takes each partition's lease when it is first needed: a lease is taken over only where something is repaired. */
const leasesOf = (database: Database): ByHandOptions["lease"] => {
  const leases = partitionLeases(database);
  const taken = new Map<number, Promise<Fence>>();
  return (partition) => {
    const of = { topology: couponIssuing.graph.name, topic: couponIssueRequests.name, partition };
    const lease = taken.get(partition) ?? leases.take(of, `reconcile by hand, ${hostname()}:${process.pid}`);
    taken.set(partition, lease);
    return lease;
  };
};

const pagesOf = async function* (
  database: Database,
  { ports }: ByHandOptions,
  couponIds: readonly string[],
): AsyncGenerator<readonly CouponId[]> {
  if (couponIds.length > 0) {
    // What the database knows is a coupon's id.
    const known = await ports().truth.remaining(couponIds as readonly CouponId[]);
    const unknown = couponIds.filter((id) => !known.has(id as CouponId));
    if (unknown.length > 0)
      throw new CliError(`no such coupon: ${unknown.join(", ")}`, { code: "NO_COUPON", exitCode: exitCodes.usage });
    yield [...known.keys()];
    return;
  }
  const nextPage = couponPages(database, pageCoupons);
  for (;;) {
    const page = await nextPage();
    yield page;
    if (page.length < pageCoupons) return;
  }
};
