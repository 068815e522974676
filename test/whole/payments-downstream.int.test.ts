/** What follows a payment, on the real stack: history and platform come to the same set, whatever the platform does. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { stackUnderTest, until } from "../testing/stack-under-test.ts";
import { topologyNamed } from "../../engine/app/define-app.ts";
import { createRegistry } from "../../engine/app/metrics/define.ts";
import { app } from "../../sluice.config.ts";
import { type Platform, startPlatform } from "../../dev/platform/stand-in.ts";
import type { Running } from "../../engine/app/define-app.ts";
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import { deadLetterTopic } from "../../engine/worker/round/dead-letter.ts";
import { kafkaLog } from "../../engine/log/kafka/kafka-log.ts";
import { silentLogger } from "../../engine/logger.ts";
import { createCodec } from "../../engine/avro/codec.ts";
import { type PaymentCompleted, type PaymentId, paymentsCompleted } from "../../schemas/payment.ts";
import { confluentRegistry } from "../../engine/registry/registry.ts";
import { aPayment } from "../../stores/testing/transaction-history.ts";
import { hexOf } from "../../stores/ids.ts";
import { withSession } from "../../stores/mysql/session.ts";
import { columns, textColumn } from "../../stores/mysql/columns/columns.ts";

const logger = silentLogger;
const platform: Platform = await startPlatform();
const { config, database } = stackUnderTest({
  env: {
    SLUICE_GROUP_PREFIX: "downstream",
    SLUICE_PLATFORM_URL: platform.url,
    SLUICE_PLATFORM_TIMEOUT_MS: "1000",
    SLUICE_SESSION_TIMEOUT_MS: "6000",
    SLUICE_DRAIN_MS: "3000",
  },
});
const log = kafkaLog({ brokers: config.brokers, clientId: "downstream-test", logger });
const codec = createCodec({ source: confluentRegistry({ url: config.registryUrl }), now: () => performance.now() });
const running: Running[] = [];

const start = async (topology: string) => {
  const registry = createRegistry();
  const started = await topologyNamed(app, topology).start({ config, logger, registry });
  running.push(started);
  await until("it is ready", () => started.ready().ok);
  return { ...started, metric: (name: string) => valuesOf(registry, name) };
};
const valuesOf = async (registry: ReturnType<typeof createRegistry>, name: string): Promise<readonly number[]> =>
  (await registry.getSingleMetric(name)?.get())?.values.map(({ value }) => value) ?? [];

const payments = (count: number): readonly PaymentCompleted[] => Array.from({ length: count }, () => aPayment());

/** Sends payments, every twentieth of them twice, as a relay does that did not see its acknowledgement. */
const send = async (some: readonly PaymentCompleted[]): Promise<void> => {
  const encode = await codec.encoder(paymentsCompleted);
  const records = some
    .flatMap((payment, at) => (at % 20 === 0 ? [payment, payment] : [payment]))
    .map((payment) => ({ key: Buffer.from(payment.orderId), value: encode(payment) }));
  const { name: topic, partitions } = paymentsCompleted;
  for (const [partition, part] of Map.groupBy(records, ({ key }) => partitionOfKey(key, partitions)))
    await log.append({ topic, partition }, part);
};

const known = columns("transaction_history", { id: textColumn() }, { id: "LOWER(HEX(history.payment_id))" });
const selectKnown = `SELECT ${known.list}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(32) CHARACTER SET ascii PATH '$')) AS wanted
  STRAIGHT_JOIN transaction_history AS history ON history.payment_id = UNHEX(wanted.id)`;

/** Which of them are in the history. */
const inHistory = (some: readonly PaymentCompleted[]): Promise<readonly string[]> =>
  withSession(database, async ({ select }) => {
    const ids = some.map(({ paymentId }) => hexOf(paymentId));
    return (await select(known, selectKnown, [JSON.stringify(ids)])).map(({ id }) => id);
  });
const effectsOn = (some: readonly PaymentCompleted[]): readonly (number | undefined)[] => {
  const effects = platform.effects();
  return some.map(({ paymentId }) => effects.get(paymentId));
};
const delivered = (some: readonly PaymentCompleted[]): number =>
  effectsOn(some).filter((effects) => effects !== undefined).length;

const assertSame = async (some: readonly PaymentCompleted[]): Promise<void> => {
  const ids = (of: readonly { readonly paymentId: PaymentId }[]) => of.map(({ paymentId }) => hexOf(paymentId)).sort();
  assert.deepEqual((await inHistory(some)).toSorted(), ids(some));
  assert.deepEqual(new Set(effectsOn(some)), new Set([1]));
  const { paymentsTwice, differing, malformed } = platform.report();
  assert.deepEqual({ paymentsTwice, differing, malformed }, { paymentsTwice: 0, differing: 0, malformed: 0 });
};

/** A group's dead letters: how many of the topology's are its own. Other files have some too. */
const deadLetters = async (name: string): Promise<number> => {
  let seen = 0;
  const topic = deadLetterTopic(name);
  const groupId = `downstream.count.${name}`;
  const ended = Promise.withResolvers<void>();
  const subscription = await log.subscribe(
    { groupId, topics: [topic] },
    {
      assigned: () => ended.resolve(),
      records: (_from, records) => {
        seen += records.filter(({ headers }) => String(headers["_flow.err.group"]) === `downstream.${name}`).length;
      },
      revoking: async () => {},
      failed: (error) => ended.reject(error),
    },
  );
  await ended.promise;
  await subscription.stop();
  return seen;
};

after(async () => {
  await platform.set({});
  await Promise.all(running.map(({ stop }) => stop()));
  await log.close();
  await platform.close();
});

test("downstream: history and platform come to the same set when the platform fails in every way in the middle", async () => {
  const history = await start("transaction-history");
  const external = await start("external-data");
  const [first, second, third] = [payments(2_000), payments(2_000), payments(1_000)];
  const all = [...first, ...second, ...third];
  await platform.set({ latencyMs: 5 });
  await send(first);
  await until("some are delivered", () => delivered(first) >= 300);
  await platform.set({ down: "refuse" });
  await send(second);
  await until("history has them all", async () => (await inHistory([...first, ...second])).length === 4_000);
  assert.ok(delivered(second) < 2_000, "the platform was not away");
  assert.deepEqual([history.ready().ok, external.ready()], [true, { ok: true, why: [], codes: [] }]);
  // It comes back in a bad state, and the worker that waited for it is replaced by another in the middle.
  await platform.set({ flakyShare: 0.1, busyShare: 0.02, cutShare: 0.05, loseAnswersShare: 0.1, latencyMs: 2 });
  await send(third);
  await until("half are delivered", () => delivered(all) >= 2_500);
  await external.stop();
  await start("external-data");
  await until("most are delivered", () => delivered(all) >= 4_000);
  await platform.set({});
  await until("all are delivered", () => delivered(all) === all.length);
  await until("history has them all", async () => (await inHistory(all)).length === all.length);
  await assertSame(all);
  assert.ok(platform.report().repeated > 0, "no answer was lost");
});

test("downstream: holds a burst in the topic and not in memory when the platform is away, then catches up", async (t) => {
  const external = running.at(-1);
  assert.ok(external !== undefined);
  await external.stop();
  const burst = payments(5_000);
  await platform.set({ down: "refuse" });
  const worker = await start("external-data");
  const requests = platform.report().requests;
  await send(burst);
  await until("every partition is paused", async () => sum(await worker.metric("sluice_paused")) === 6);
  const held = sum(await worker.metric("sluice_queued_records")) + sum(await worker.metric("sluice_in_flight_records"));
  // Eight rounds of 64 a partition are the bound; what one fetch brought on top of them is held too.
  assert.ok(held > 0 && held < 6 * (8 * 64 + 1_000), `${held} records are held`);
  assert.ok(worker.ready().ok);
  assert.deepEqual([delivered(burst), platform.report().requests], [0, requests]);
  await platform.set({});
  const backAt = performance.now();
  await until("one is delivered", () => delivered(burst) > 0);
  t.diagnostic(`first delivery ${Math.round(performance.now() - backAt)} ms after the platform's return`);
  await until("all are delivered", () => delivered(burst) === burst.length);
  await until("the history has them", async () => (await inHistory(burst)).length === burst.length);
  t.diagnostic(`all ${burst.length} delivered ${Math.round(performance.now() - backAt)} ms after its return`);
  await assertSame(burst);
  assert.equal(await deadLetters("external-data"), 0);
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
