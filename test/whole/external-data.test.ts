/** A worker of external-data on a log in memory, and the stand-in platform over real HTTP: outages, and what they cost. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { deliveryBackoff, deliveryLimits } from "../../ops/processes/external-worker.ts";
import { type PlatformOptions, startPlatform } from "../../dev/platform/stand-in.ts";
import { accumulatorDefaults, createAccumulator, loadPartitionCounts } from "../../engine/log/producer/accumulator.ts";
import { systemClock } from "../../engine/clock.ts";
import { deadLetterTopic } from "../../engine/worker/round/dead-letter.ts";
import { retryTopic } from "../../engine/worker/round/retry-record.ts";
import { unfenced } from "../../engine/worker/partition/lease-guard.ts";
import { silentLogger } from "../../engine/logger.ts";
import { MemoryBroker } from "../../engine/log/memory/memory-log.ts";
import { noTelemetry } from "../../engine/worker/telemetry.ts";
import { until } from "../../topology/testing/memory-stage.ts";
import { startWorker } from "../../engine/worker/worker.ts";
import { createCodec } from "../../engine/avro/codec.ts";
import { type PaymentCompleted, paymentsCompleted } from "../../schemas/payment.ts";
import { aPayment } from "../../stores/testing/transaction-history.ts";
import { httpDataPlatform } from "../../stores/http/data-platform.ts";
import { externalData } from "../../topology/external-data.ts";

const topic = paymentsCompleted.name;
const { partitions } = paymentsCompleted;
const groupId = "test.external-data";
const dlq = deadLetterTopic(externalData.graph.name);
const concurrency = 16;
const limits = deliveryLimits({
  limits: {
    maxRound: 2_000,
    maxRoundBytes: 1_000_000,
    concurrency: 2,
    laneConcurrency: 32,
    maxRecords: 8_000,
    maxBytes: 8_000_000,
    processMaxRecords: 24_000,
    processMaxBytes: 32_000_000,
  },
  platform: { url: undefined, concurrency, timeoutMs: 500 },
});
/** Records of one delivery of the log: what a partition may hold above its bound. */
const fetchMaxRecords = 500;

interface StageOptions extends PlatformOptions {
  /** Appended to the platform's address. */
  readonly path?: string;
  /** How long a request may take. */
  readonly timeoutMs?: number;
}

const stage = async (t: TestContext, { path = "", timeoutMs = 500, ...options }: StageOptions = {}) => {
  const broker = new MemoryBroker({ clock: systemClock, fetchMaxRecords });
  broker.createTopic(topic, partitions);
  broker.createTopic(dlq, partitions);
  broker.createTopic(retryTopic(externalData.graph.name), partitions);
  const source = { schemaOf: async () => paymentsCompleted.schema.avro, idOf: async () => 1 };
  const codec = createCodec({ source, now: () => performance.now() });
  const platform = await startPlatform(options);
  const client = httpDataPlatform({ url: platform.url + path, concurrency, timeoutMs });
  const log = broker.client("worker");
  const common = { clock: systemClock, random: Math.random, logger: silentLogger };
  const partitionCounts = await loadPartitionCounts(log, [topic, dlq]);
  const producer = createAccumulator({ ...accumulatorDefaults, ...common, writer: log, partitionCounts });
  const worker = await startWorker({
    ...common,
    topology: externalData,
    deps: () => ({ platform: client }),
    leases: unfenced,
    name: "worker",
    log,
    producer,
    codec,
    groupId,
    backoff: deliveryBackoff,
    limits,
    maxAttempts: 3,
    commitIntervalMs: 5,
    readinessPolicy: { graceMs: 0, optionalDependencies: ["data-platform"] },
    flood: { windowRecords: 1_000, minRecords: 100, maxShare: 0.5 },
    stall: { unreadyMs: 30_000, endMs: 120_000 },
    telemetry: noTelemetry,
  });
  t.after(async () => {
    await worker.stop();
    await client.close();
    await platform.close();
  });
  const encode = await codec.encoder(paymentsCompleted);
  const send = async (some: readonly PaymentCompleted[]): Promise<void> => {
    // By the last character of the order: a test may choose the partition.
    for (const [digit, ofDigit] of Map.groupBy(some, ({ orderId }) => orderId.charCodeAt(35))) {
      const records = ofDigit.map((payment) => ({ key: Buffer.from(payment.orderId), value: encode(payment) }));
      await broker.client("sender").append({ topic, partition: digit % partitions }, records);
    }
  };
  const committed = (): number =>
    Array.from({ length: partitions }, (_, partition) =>
      Number(broker.committed(groupId, { topic, partition }) ?? 0n),
    ).reduce((sum, offset) => sum + offset, 0);
  const deadLetters = () =>
    Array.from({ length: partitions }, (_, partition) => broker.records({ topic: dlq, partition })).flat();
  const unfinished = (): readonly number[] =>
    [...worker.status().values()].map(({ queuedRecords, inFlightRecords }) => queuedRecords + inFlightRecords);
  const paused = (): number => [...worker.status().values()].filter((status) => status.paused).length;
  return { platform, client, worker, send, committed, deadLetters, unfinished, paused };
};

const payments = (count: number): readonly PaymentCompleted[] => Array.from({ length: count }, () => aPayment());
const idsOf = (some: readonly PaymentCompleted[]): readonly string[] => some.map(({ paymentId }) => paymentId).sort();
const onceEach = (effects: ReadonlyMap<string, number>, some: readonly PaymentCompleted[]) =>
  assert.deepEqual(
    [...effects].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    idsOf(some).map((id) => [id, 1]),
  );

test("external-data worker: keeps as many requests in flight as it may, from a single partition too", async (t) => {
  const { platform, send, committed } = await stage(t);
  await platform.set({ latencyMs: 5 });
  const alike = payments(400).map((payment) => ({
    ...payment,
    orderId: `${payment.orderId.slice(0, -1)}0` as typeof payment.orderId,
  }));
  await send(alike);
  await until("all are delivered and committed", () => committed() === 400);
  assert.equal(platform.report().maxInFlight, concurrency);
  onceEach(platform.effects(), alike);
});

test("external-data worker: holds what it may, stays ready, and catches up when the platform was away", async (t) => {
  const { platform, client, worker, send, committed, deadLetters, unfinished, paused } = await stage(t);
  await platform.set({ down: "refuse" });
  const burst = payments(5_000);
  await send(burst);
  await until("every partition is paused", () => paused() === partitions);
  await until("the circuit is open", () => client.breaker() === "open");
  const bound = limits.maxRecords + fetchMaxRecords;
  assert.ok(
    unfinished().every((records) => records <= bound),
    `${unfinished()} of at most ${bound}`,
  );
  assert.deepEqual(new Set(worker.holding().map(({ call }) => call)), new Set(["write data-platform"]));
  assert.deepEqual(worker.ready(), { ok: true, why: [], codes: [] });
  await platform.set({});
  const backAt = performance.now();
  await until("one is delivered", () => platform.report().effects > 0);
  t.diagnostic(`first delivery ${Math.round(performance.now() - backAt)} ms after the platform's return`);
  await until("all are delivered and committed", () => committed() === burst.length);
  onceEach(platform.effects(), burst);
  assert.deepEqual([client.breaker(), paused(), deadLetters().length], ["closed", 0, 0]);
});

test("external-data worker: gives every payment one effect when the platform fails in every way at once", async (t) => {
  const { platform, send, committed, deadLetters } = await stage(t);
  await platform.set({ flakyShare: 0.1, busyShare: 0.05, cutShare: 0.1, loseAnswersShare: 0.15 });
  const some = payments(300);
  await send(some);
  await until("half have arrived", () => platform.report().effects >= 150);
  await platform.set({ down: "silent" });
  await until("requests wait for answers", () => platform.report().inFlight > 0);
  await platform.set({ loseAnswersShare: 0.1 });
  await until("all are delivered and committed", () => committed() === some.length);
  onceEach(platform.effects(), some);
  const { repeated, differing, malformed } = platform.report();
  assert.deepEqual([differing, malformed, deadLetters().length], [0, 0, 0]);
  assert.ok(repeated > 0, "no answer was lost");
});

test("external-data worker: dead-letters each refused payment once, and delivers the others, when some are refused", async (t) => {
  // Requests are counted: none may be sent again because this machine is busy.
  const { platform, worker, send, committed, deadLetters } = await stage(t, { timeoutMs: 60_000 });
  const some = payments(120);
  const refused = some
    .filter((_, at) => at % 10 === 3)
    .map((payment) => ({ ...payment, userId: "refused" as typeof payment.userId }));
  const sound = some.filter((_, at) => at % 10 !== 3);
  await platform.set({ refusedUsers: "refused" });
  await send([...sound.slice(0, 50), ...refused, ...sound.slice(50)]);
  await until("all have ended and are committed", () => committed() === some.length);
  onceEach(platform.effects(), sound);
  assert.equal(deadLetters().length, refused.length);
  for (const { headers } of deadLetters()) assert.equal(String(headers["_flow.err.code"]), "DELIVERY_REFUSED");
  // One request each: a refusal is not sent again.
  assert.equal(platform.report().requests, some.length);
  assert.ok(worker.ready().ok);
});

test("external-data worker: sends nothing for as long as it was asked to wait", async (t) => {
  const { platform, send, committed } = await stage(t);
  await platform.set({ busyShare: 1, retryAfterSeconds: 1 });
  await send(payments(1));
  await until("it is asked to wait", () => platform.report().faulted === 1);
  await platform.set({});
  await send(payments(20));
  await until("all are delivered", () => committed() === 21);
  // The one that was answered 429, and each payment once: while it waited, none was sent.
  assert.equal(platform.report().requests, 22);
});

test("external-data worker: holds instead of emptying the topic into dead letters when all is refused", async (t) => {
  const { platform, worker, send, deadLetters } = await stage(t);
  await platform.set({ answers: 400 });
  await send(payments(3_000));
  await until("it holds", () => worker.holding().some(({ call }) => call === "dead letters"));
  await until("every partition does", () => worker.holding().length === partitions);
  // What a partition may dead-letter before it holds, a round at most above it.
  assert.ok(deadLetters().length <= partitions * (100 + limits.maxRound), `${deadLetters().length} dead letters`);
  assert.deepEqual([platform.report().effects, worker.ready().ok], [0, false]);
});

for (const status of [401, 403, 407, 302]) {
  test(`external-data worker: dead-letters nothing, says why it is not ready, and catches up when the platform answered ${status} for a while`, async (t) => {
    const { platform, worker, send, committed, deadLetters } = await stage(t);
    await platform.set({ answers: status });
    const some = payments(50);
    await send(some);
    await until("it is not ready", () => !worker.ready().ok);
    assert.match(worker.ready().why.join(), new RegExp(`^DELIVERY_DENIED has lasted .* answers ${status} to whatever`));
    await platform.set({});
    await until("all are delivered and committed", () => committed() === some.length);
    onceEach(platform.effects(), some);
    assert.deepEqual([deadLetters().length, worker.ready().ok], [0, true]);
  });
}

test("external-data worker: dead-letters nothing and is not ready when its address is wrong", async (t) => {
  const { worker, send, deadLetters } = await stage(t, { path: "/nowhere" });
  await send(payments(500));
  await until("it is not ready", () => !worker.ready().ok);
  assert.match(worker.ready().why.join(), /DELIVERY_DENIED .* answers 404 to whatever is posted to http.*nowhere/);
  assert.equal(deadLetters().length, 0);
});
