/** Opens the ports of coupon issuing: its stores in the database and in Redis. */
import type { Fence } from "../../engine/lease.ts";
import type { CouponBook, CouponCatalog, CouponStock } from "../../processors/coupons/coupon-ports.ts";
import { couponBook } from "../../stores/mysql/coupons/coupon-book.ts";
import { couponCatalog } from "../../stores/mysql/coupons/coupon-catalog.ts";
import { couponTruth } from "../../stores/mysql/coupons/coupon-truth.ts";
import { couponPages } from "../../stores/mysql/coupons/coupon-pages.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { partitionLeases } from "../../stores/mysql/partition-lease.ts";
import { openRedis } from "../../stores/redis/connection.ts";
import { couponGate } from "../../stores/redis/coupon-gate.ts";
import { couponStock } from "../../stores/redis/coupon-stock.ts";
import { type ProcessHooks, noHooks } from "./process-hooks.ts";
import type { Config, ShopContext } from "../config.ts";
import { couponUpkeep } from "../reconcile/coupon-upkeep.ts";
import { repairs } from "../metrics/repair-metrics.ts";
import type { Opened } from "../../engine/app/define-app.ts";

/** The ports of coupon issuing. */
export interface CouponDeps {
  readonly stock: CouponStock;
  readonly catalog: CouponCatalog;
  readonly book: CouponBook;
}

/** Coupons looked at in one pass of the upkeep besides those of its rounds: half a thousand Redis reads, a few ms. */
const sweepCoupons = 500;

/** As {@link ProcessHooks}, and around the ports. */
export interface WorkerHooks extends ProcessHooks {
  readonly deps: (deps: CouponDeps) => CouponDeps;
}

/** Opens them. @throws Unavailable where Redis is away. */
export const openCouponIssuing = async (
  { config, logger, registry }: ShopContext,
  hooks: WorkerHooks = { ...noHooks, deps: (deps) => deps },
): Promise<Opened<CouponDeps>> => {
  const stores = await openStores(config, hooks.database);
  const upkeep = couponUpkeep({
    ...stores.upkeep,
    intervalMs: config.reconcileIntervalMs,
    repaired: repairs(registry, logger),
  });
  const fenced = !config.unfenced;
  return {
    deps: (fence) => hooks.deps(stores.deps(fenced ? fence : undefined)),
    ...(fenced && { leases: stores.leases }),
    ...(fenced && config.reconcileIntervalMs > 0 && { upkeep }),
    close: stores.close,
    wrapLog: hooks.log,
  };
};

const openStores = async ({ databaseUrl, redisUrl }: Config, hooks: WorkerHooks["database"]) => {
  // Rounds of a partition, side by side, take one connection each for a decision and one for refusals.
  const database = hooks(openDatabase({ databaseUrl }));
  const redis = await openRedis({ redisUrl });
  const catalog = couponCatalog(database);
  return {
    leases: partitionLeases(database),
    upkeep: {
      ports: (fence?: Fence) => ({ gate: couponGate(redis, fence), truth: couponTruth(database, fence) }),
      pages: couponPages(database, sweepCoupons),
    },
    deps: (fence?: Fence) => ({ stock: couponStock(redis, fence), catalog, book: couponBook(database, fence) }),
    close: async () => {
      redis.close();
      await database.close();
    },
  };
};
