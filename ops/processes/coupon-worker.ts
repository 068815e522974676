/** Opens the ports of coupon issuing: its stores in the database and in Redis. */
import { systemClock } from "../../engine/clock.ts";
import { Poison } from "../../engine/errors.ts";
import type { Fence } from "../../engine/lease.ts";
import { createRepairs } from "../../engine/repairs.ts";
import type { Upkeep } from "../../engine/worker/upkeep.ts";
import type { CouponBook, CouponCatalog, CouponStock } from "../../processors/coupons/coupon-ports.ts";
import { couponBook } from "../../stores/mysql/coupons/coupon-book.ts";
import { couponCatalog } from "../../stores/mysql/coupons/coupon-catalog.ts";
import { couponTruth } from "../../stores/mysql/coupons/coupon-truth.ts";
import { couponPages } from "../../stores/mysql/coupons/coupon-pages.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { readDatabaseIdentity } from "../../stores/mysql/database-identity.ts";
import { partitionLeases } from "../../stores/mysql/partition-lease.ts";
import { openRedis } from "../../stores/redis/connection.ts";
import { couponGate } from "../../stores/redis/coupon-gate.ts";
import { couponStock } from "../../stores/redis/coupon-stock.ts";
import { claimGate, GateOwnerUnreadable } from "../../stores/redis/gate-owner.ts";
import { whileAway } from "../../engine/app/process/while-away.ts";
import type { Logger } from "../../engine/logger.ts";
import { type ProcessHooks, noHooks } from "./process-hooks.ts";
import type { Config, ShopContext } from "../config.ts";
import { couponUpkeep } from "../reconcile/coupon-upkeep.ts";
import { sweepAfterReconnecting } from "../reconcile/sweep.ts";
import { type GateMetrics, gateMetrics } from "../metrics/gate-metrics.ts";
import { readMemory } from "../../stores/redis/inspect.ts";
import { countRepairs } from "../metrics/repair-metrics.ts";
import type { Opened } from "../../engine/app/define-app.ts";

/** The ports of coupon issuing. */
export interface CouponDeps {
  readonly stock: CouponStock;
  readonly catalog: CouponCatalog;
  readonly book: CouponBook;
}

/** Coupons looked at in one pass of a sweep besides those of rounds: one script, a few ms. */
const sweepCoupons = 500;

/** As {@link ProcessHooks}, and around the ports. */
export interface WorkerHooks extends ProcessHooks {
  readonly deps: (deps: CouponDeps) => CouponDeps;
}

/**
 * Opens them; waits while the database or Redis is away, because only both together say whose gate this is.
 * @throws StartRefused (GATE_OF_OTHER_DATABASE, GATE_OWNER_UNREADABLE) @throws Fatal (DATABASE_IDENTITY)
 */
export const openCouponIssuing = async (
  { config, logger, registry }: ShopContext,
  hooks: WorkerHooks = { ...noHooks, deps: (deps) => deps },
): Promise<Opened<CouponDeps>> => {
  const metrics = gateMetrics(registry);
  const stores = await openStores(config, logger, hooks.database, metrics);
  const repairs = createRepairs(systemClock.now);
  const upkeep = couponUpkeep({
    ...stores.upkeep,
    intervalMs: config.reconcileIntervalMs,
    repaired: countRepairs(registry, logger, repairs),
    looked: metrics.marks,
  });
  const fenced = !config.unfenced;
  return {
    deps: (fence) => hooks.deps(stores.deps(fenced ? fence : undefined)),
    ...(fenced && { leases: stores.leases }),
    ...(fenced &&
      config.reconcileIntervalMs > 0 && { upkeep: { ...upkeep, pass: claiming(stores.claim, upkeep.pass) } }),
    repairs: repairs.latest,
    close: stores.close,
    wrapLog: hooks.log,
  };
};

/**
 * A pass of upkeep, after the gate was claimed. An owner that cannot be read keeps no coupon from being repaired, and ends no
 * worker that runs: the pass is made, and then says it.
 */
export const claiming =
  (claim: () => Promise<void>, pass: Upkeep["pass"]): Upkeep["pass"] =>
  async (own) => {
    const unreadable = await claim().catch((error: unknown) => {
      if (error instanceof GateOwnerUnreadable) return new Poison(error.code, error.message, { cause: error });
      throw error;
    });
    await pass(own);
    if (unreadable !== undefined) throw unreadable;
  };

const openStores = async (
  { databaseUrl, redisUrl }: Config,
  logger: Logger,
  hooks: WorkerHooks["database"],
  metrics: GateMetrics,
) => {
  // Rounds of a partition, side by side, take one connection each for a decision and one for refusals.
  const database = hooks(openDatabase({ databaseUrl }));
  const redis = await openRedis({ redisUrl });
  const catalog = couponCatalog(database);
  const sweep = sweepAfterReconnecting(redis.connections, {
    nextPage: couponPages(database, sweepCoupons),
    pageCoupons: sweepCoupons,
  });
  const databaseId = await whileAway(logger, "the database's identity", () => readDatabaseIdentity(database));
  await whileAway(logger, "whose gate this Redis is", () => claimGate(redis, databaseId));
  return {
    leases: partitionLeases(database),
    // A Redis that was flushed has no owner: it is claimed again before another database's worker can.
    claim: () => claimGate(redis, databaseId),
    upkeep: {
      ports: (fence?: Fence) => ({ gate: couponGate(redis, fence), truth: couponTruth(database, fence) }),
      pages: async () => {
        metrics.memory(await readMemory(redis));
        return sweep();
      },
    },
    deps: (fence?: Fence) => ({ stock: couponStock(redis, fence), catalog, book: couponBook(database, fence) }),
    close: async () => {
      redis.close();
      await database.close();
    },
  };
};
