/** A whole worker in memory for tests: log, stores, codec and clock, everything real but the network. */
import { after } from "node:test";
import type { CouponBook, Issue } from "../../processors/coupons/coupon-ports.ts";
import type { Fence } from "../../engine/lease.ts";
import type { AvroJson } from "../../engine/avro/avro.ts";
import { type Codec, createCodec } from "../../engine/avro/codec.ts";
import {
  type Coupon,
  type CouponId,
  type CouponIssueRequested,
  couponIssueRequests,
  couponTopics,
  type PolicyId,
  type ReservationId,
  type UserId,
  type Won,
} from "../../schemas/coupon.ts";
import { paymentTopics } from "../../schemas/payment.ts";
import type { SchemaSource } from "../../engine/registry/registry.ts";
import { subjectOf, type Topic } from "../../engine/avro/topic.ts";
import { couponIssuing } from "../coupon-issuing.ts";
import type { NeedsOf } from "../../engine/flow/dsl.ts";
import { memoryCouponStock } from "../../processors/memory/memory-coupon-stock.ts";
import {
  memoryCouponBook,
  memoryCouponCatalog,
  memoryDatabase,
  memoryLeases,
} from "../../processors/memory/memory-database.ts";
import { accumulatorDefaults, createAccumulator, loadPartitionCounts } from "../../engine/log/producer/accumulator.ts";
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import { systemClock } from "../../engine/clock.ts";
import { deadLetterTopic } from "../../engine/worker/round/dead-letter.ts";
import { retryTopic } from "../../engine/worker/round/retry-record.ts";
import type { Headers, LogRecord } from "../../engine/log/log.ts";
import { silentLogger } from "../../engine/logger.ts";
import { MemoryBroker, type MemoryBrokerOptions } from "../../engine/log/memory/memory-log.ts";
import type { ProcessLimits } from "../../engine/worker/partition/limits.ts";
import { noTelemetry } from "../../engine/worker/telemetry.ts";
import { startWorker, type Worker, type WorkerOptions } from "../../engine/worker/worker.ts";

/** A registry in memory: ids from 1, by subject; can be away. */
export const memoryRegistry = (): SchemaSource & { away: boolean; readonly schemas: Map<number, AvroJson> } => {
  const topics = [...couponTopics, ...paymentTopics];
  const schemas = new Map(topics.map((topic, at) => [at + 1, topic.schema.avro]));
  const ids = new Map(topics.map((topic, at) => [subjectOf(topic), at + 1]));
  const registry = {
    away: false,
    schemas,
    schemaOf: async (id: number) => {
      if (registry.away) throw new Error("the registry is away");
      return schemas.get(id);
    },
    idOf: async (subject: string) => ids.get(subject),
  };
  return registry;
};

/** A coupon that is open for every request. */
export const openCoupon = (couponId: string, stock: number): Coupon => ({
  couponId: couponId as CouponId,
  policyId: "policy" as PolicyId,
  stock,
  opensAt: null,
  closesAt: null,
  validForDays: 30,
  policy: { name: "Policy", discount: { kind: "fixed", amount: 1_000 as Won }, minOrderAmount: 0 as Won },
});

/** The request with this number: its reservation, user and coupon follow from it. */
export const request = (n: number, couponId: string, userId = `user-${n}`): CouponIssueRequested => ({
  reservationId: `01900000-0000-7000-8000-${String(n).padStart(12, "0")}` as ReservationId,
  couponId: couponId as CouponId,
  userId: userId as UserId,
  policyId: null,
  requestedAt: 0,
});

/** Bounds small enough for a test to reach. */
export const testLimits: ProcessLimits = {
  maxRound: 100,
  maxRoundBytes: 1_000_000,
  concurrency: 2,
  laneConcurrency: 4,
  maxRecords: 1_000,
  maxBytes: 1_000_000,
  processMaxRecords: 6_000,
  processMaxBytes: 6_000_000,
};

type Overrides = Partial<WorkerOptions<NeedsOf<typeof couponIssuing>>>;

/** Everything a test of the worker touches. */
export const memoryStage = (...coupons: readonly Coupon[]) => memoryStageWith({}, ...coupons);

/** The same on a broker that behaves otherwise. */
export const memoryStageWith = (behaviour: Partial<MemoryBrokerOptions>, ...coupons: readonly Coupon[]) => {
  const broker = new MemoryBroker({ clock: systemClock, ...behaviour });
  for (const topic of couponTopics) broker.createTopic(topic.name, topic.partitions);
  const dlq = deadLetterTopic(couponIssuing.graph.name);
  broker.createTopic(dlq, 6);
  broker.createTopic(retryTopic(couponIssuing.graph.name), couponIssueRequests.partitions);
  const registry = memoryRegistry();
  const codec = createCodec({ source: registry, now: () => performance.now(), unknownIdRetryMs: 0 });
  const database = memoryDatabase(...coupons);
  const stock = memoryCouponStock();
  const catalog = memoryCouponCatalog(database);
  const deps = (fence: Fence) => ({ stock: stock.under(fence), catalog, book: memoryCouponBook(database, fence) });
  const stage = { broker, registry, codec, database, stock, deps, leases: memoryLeases(database), dlq };
  return {
    ...stage,
    /** The deps, with issuing done by `how` around the real one. */
    issuing:
      (how: (issues: readonly Issue[], issue: CouponBook["issue"]) => ReturnType<CouponBook["issue"]>) =>
      (fence: Fence) => {
        const { book, ...others } = deps(fence);
        return { ...others, book: { ...book, issue: (issues: readonly Issue[]) => how(issues, book.issue) } };
      },
    send: (values: readonly CouponIssueRequested[]) => send(broker, codec, values),
    sendRaw: (key: string, value: Buffer, headers: Headers = {}) =>
      broker
        .client("sender")
        .append({ topic: couponIssueRequests.name, partition: partitionOf(key) }, [
          { key: Buffer.from(key), value, headers },
        ]),
    /** All there are of a topic, partition by partition. */
    records: ({ name, partitions }: { readonly name: string; readonly partitions: number }) =>
      recordsOf(broker, name, partitions),
    start: (name: string, overrides: Overrides = {}) => startOn(stage, name, overrides),
    read: <T>(topic: Topic<T>) => read(broker, codec, topic),
    deadLetters: () => recordsOf(broker, dlq, 6),
  };
};

const partitionOf = (key: string): number => partitionOfKey(Buffer.from(key), couponIssueRequests.partitions);

const send = async (broker: MemoryBroker, codec: Codec, values: readonly CouponIssueRequested[]): Promise<void> => {
  const encode = await codec.encoder(couponIssueRequests);
  for (const value of values) {
    const to = { topic: couponIssueRequests.name, partition: partitionOf(value.couponId) };
    await broker.client("sender").append(to, [{ key: Buffer.from(value.couponId), value: encode(value) }]);
  }
};

/** A worker whose test holds up what it calls is not stopped: the test says so, and goes on. */
const stopWithinMs = 10_000;

type Stage = Pick<ReturnType<typeof memoryStage>, "broker" | "codec" | "deps" | "leases" | "dlq">;

const startOn = async (
  { broker, codec, deps, leases, dlq }: Stage,
  name: string,
  overrides: Overrides,
): Promise<Worker> => {
  const log = overrides.log ?? broker.client(name);
  const topics = [...couponTopics.map((topic) => topic.name), dlq];
  const backoff = { initialMs: 1, maxMs: 5 };
  const random = (): number => 0.5;
  const producer = createAccumulator({
    ...accumulatorDefaults,
    writer: log,
    partitionCounts: await loadPartitionCounts(log, topics),
    clock: systemClock,
    random,
    backoff,
    logger: silentLogger,
  });
  const worker = await startWorker({
    topology: couponIssuing,
    deps,
    leases,
    name,
    log,
    producer,
    codec,
    groupId: "test.coupon-issuing",
    clock: systemClock,
    random,
    backoff,
    limits: testLimits,
    maxAttempts: 3,
    readinessPolicy: { graceMs: 0, optionalDependencies: [] },
    flood: { windowRecords: 1_000, minRecords: 100, maxShare: 1 },
    stall: { unreadyMs: 30_000, endMs: 120_000 },
    commitIntervalMs: 5,
    telemetry: noTelemetry,
    logger: silentLogger,
    ...overrides,
  });
  // A test that fails may leave its worker running, and the timers of that one would keep its file from ending.
  after(() => Promise.race([worker.stop(), worker.ended]), { timeout: stopWithinMs });
  return worker;
};

const recordsOf = (broker: MemoryBroker, topic: string, partitions: number): readonly LogRecord[] =>
  Array.from({ length: partitions }, (_, partition) => broker.records({ topic, partition })).flat();

const read = <T>(broker: MemoryBroker, codec: Codec, topic: Topic<T>): Promise<readonly T[]> => {
  const decoder = codec.decoder(topic);
  return Promise.all(
    recordsOf(broker, topic.name, topic.partitions).map(async ({ value }) => {
      const first = decoder.decode(value);
      if (first.kind === "unknownSchema") await decoder.learn(first.id);
      const decoded = decoder.decode(value);
      if (decoded.kind !== "value") throw new Error(`topic ${topic.name} holds ${decoded.kind}`);
      return decoded.value;
    }),
  );
};

/** Longest wait for a condition: for what never comes, not for what is slow on a busy machine. */
const untilWithinMs = 60_000;

/** Waits for a condition. @throws Error where it does not hold within {@link untilWithinMs}. */
export const until = async (what: string, condition: () => boolean | Promise<boolean>): Promise<void> => {
  const deadlineAt = Date.now() + untilWithinMs;
  while (!(await condition())) {
    if (Date.now() > deadlineAt) throw new Error(`this did not happen within ${untilWithinMs} ms: ${what}`);
    await systemClock.sleep(2);
  }
};
