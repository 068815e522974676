/** Composition root of a coupon worker: the topology, its stores, and Kafka, put together from a configuration. */
import { hostname } from "node:os";
import type { Fence } from "../processors/lease.ts";
import { createAccumulator, accumulatorDefaults, loadPartitionCounts } from "../runtime/accumulator.ts";
import { systemClock } from "../runtime/clock.ts";
import { deadLetterTopic } from "../runtime/dead-letter.ts";
import { kafkaLog } from "../runtime/kafka/kafka-log.ts";
import type { Log } from "../runtime/log.ts";
import { startWorker } from "../runtime/worker.ts";
import type { CouponBook, CouponCatalog, CouponStock } from "../processors/coupon-ports.ts";
import { createCodec } from "../schemas/codec.ts";
import { confluentRegistry } from "../schemas/registry.ts";
import { couponBook } from "../stores/mysql/coupon-book.ts";
import { couponCatalog } from "../stores/mysql/coupon-catalog.ts";
import { couponTruth } from "../stores/mysql/coupon-truth.ts";
import { couponPages } from "../stores/mysql/coupon-pages.ts";
import { type Database, openDatabase } from "../stores/mysql/database.ts";
import { partitionLeases } from "../stores/mysql/partition-lease.ts";
import { openRedis } from "../stores/redis/connection.ts";
import { couponGate } from "../stores/redis/coupon-gate.ts";
import { couponStock } from "../stores/redis/coupon-stock.ts";
import { couponIssuing } from "../topology/coupon-issuing.ts";
import { writtenTopics } from "../topology/parts.ts";
import type { Config } from "./config.ts";
import { couponUpkeep } from "./coupon-upkeep.ts";
import { watchBacklog } from "./api-metrics.ts";
import { repairs, watchHolds, watchPartitions, workerTelemetry } from "./metrics.ts";
import type { ProcessContext, Running } from "./process.ts";

/** The ports of coupon issuing. */
export interface CouponDeps {
  readonly stock: CouponStock;
  readonly catalog: CouponCatalog;
  readonly book: CouponBook;
}

/** Between attempts at what failed: soon enough to go on within 2 s of a dependency's return. */
const backoff = { initialMs: 50, maxMs: 1_500 };

/** Coupons looked at in one pass of the upkeep besides those of its rounds: half a thousand Redis reads, a few ms. */
const sweepCoupons = 500;

/** Puts something around the parts of a worker as they are put together. For tests that break a part: see test/faults. */
export interface WorkerAround {
  readonly log: (log: Log) => Log;
  readonly database: (database: Database) => Database;
  readonly deps: (deps: CouponDeps) => CouponDeps;
}

const nothingAround: WorkerAround = { log: (log) => log, database: (database) => database, deps: (deps) => deps };

/** Starts a worker of coupon issuing. @throws where the group cannot be joined, or what is deployed is not what runs. */
export const startCouponWorker = async (
  { config, logger, registry }: ProcessContext,
  around: WorkerAround = nothingAround,
): Promise<Running> => {
  const { name } = couponIssuing.graph;
  const stores = await openStores(config, around.database);
  const kafka = kafkaLog({
    brokers: config.brokers,
    clientId: `sluice-${name}`,
    logger,
    sessionTimeoutMs: config.sessionTimeoutMs,
    drainBudgetMs: config.drainMs,
  });
  const log = around.log(kafka);
  // The sources too: upkeep asks in which partition a key is read.
  const { sources } = couponIssuing.parts;
  const known = [...sources, ...writtenTopics(couponIssuing.parts)].map((topic) => topic.name);
  const topics = [...known, deadLetterTopic(name)];
  const producer = createAccumulator({
    ...accumulatorDefaults,
    writer: log,
    partitionCounts: await loadPartitionCounts(log, topics),
    clock: systemClock,
    random: Math.random,
    logger,
  });
  const worker = await startWorker({
    topology: couponIssuing,
    deps: (fence) => around.deps(stores.deps(fence)),
    leases: stores.leases,
    ...(config.reconcileIntervalMs > 0 && {
      upkeep: couponUpkeep({
        ...stores.upkeep,
        intervalMs: config.reconcileIntervalMs,
        repaired: repairs(registry, logger),
      }),
    }),
    name: `${hostname()}:${process.pid}`,
    log,
    producer,
    codec: createCodec({ source: confluentRegistry({ url: config.registryUrl }), now: () => performance.now() }),
    groupId: `${config.groupPrefix}.${name}`,
    clock: systemClock,
    random: Math.random,
    backoff,
    limits: config.limits,
    maxAttempts: config.maxAttempts,
    patience: { graceMs: config.holdGraceMs, calm: [] },
    flood: config.flood,
    stall: config.stall,
    commitIntervalMs: config.commitIntervalMs,
    telemetry: workerTelemetry(registry, name),
    logger,
  });
  watchPartitions(registry, name, worker.status);
  watchHolds(registry, worker.holding);
  watchBacklog(registry, producer.backlogRecords);
  return {
    ready: worker.ready,
    ended: worker.ended,
    about: { topology: name, graph: couponIssuing.hash.slice(0, 12) },
    stop: async () => {
      await worker.stop();
      await producer.close();
      await log.close();
      await stores.close();
    },
  };
};

const openStores = async ({ databaseUrl, redisUrl }: Config, around: WorkerAround["database"]) => {
  // Rounds of a partition, side by side, take one connection each for a decision and one for refusals.
  const database = around(openDatabase({ databaseUrl }));
  const redis = await openRedis({ redisUrl });
  const catalog = couponCatalog(database);
  return {
    leases: partitionLeases(database),
    upkeep: {
      ports: (fence?: Fence) => ({ gate: couponGate(redis, fence), truth: couponTruth(database, fence) }),
      pages: couponPages(database, sweepCoupons),
    },
    deps: (fence: Fence) => ({ stock: couponStock(redis, fence), catalog, book: couponBook(database, fence) }),
    close: async () => {
      redis.close();
      await database.close();
    },
  };
};
