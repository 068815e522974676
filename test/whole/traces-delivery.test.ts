/** A payment's trace up to the platform: by its outbox row, the record's header, a worker's call and the request that the platform gets. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test, type TestContext } from "node:test";
import type { Tracer } from "@opentelemetry/api";
import { v7 } from "uuid";
import { apiInRealTime, bearerOf } from "../../api/testing/testing-api.ts";
import { fakeStores } from "../../api/testing/testing.ts";
import { systemClock } from "../../engine/clock.ts";
import { createCodec } from "../../engine/avro/codec.ts";
import { accumulatorDefaults, createAccumulator, loadPartitionCounts } from "../../engine/log/producer/accumulator.ts";
import { MemoryBroker } from "../../engine/log/memory/memory-log.ts";
import { silentLogger } from "../../engine/logger.ts";
import { keptSpans } from "../../engine/tracing/testing/kept-spans.ts";
import { formatTraceparent } from "../../engine/tracing/trace-context.ts";
import { unfenced } from "../../engine/worker/partition/lease-guard.ts";
import { deadLetterTopic } from "../../engine/worker/round/dead-letter.ts";
import { retryTopic } from "../../engine/worker/round/retry-record.ts";
import { noTelemetry } from "../../engine/worker/telemetry.ts";
import { relayDefaults, silentRelayTelemetry } from "../../engine/outbox/relay-options.ts";
import { startRelay } from "../../engine/outbox/relay.ts";
import { startWorker } from "../../engine/worker/worker.ts";
import { deliveryBackoff } from "../../ops/processes/external-worker.ts";
import type { OptionId } from "../../processors/payments/payment-ports.ts";
import { memoryOutbox } from "../../processors/memory/memory-payments.ts";
import type { UserId } from "../../schemas/coupon.ts";
import { type OrderId, paymentsCompleted } from "../../schemas/payment.ts";
import { httpDataPlatform } from "../../stores/http/data-platform.ts";
import { listening } from "../../stores/testing/tcp-proxy.ts";
import { aPayment } from "../../stores/testing/transaction-history.ts";
import { won } from "../../stores/testing/payment-samples.ts";
import { externalData } from "../../topology/external-data.ts";
import { paymentOutbox } from "../../topology/payment-outbox.ts";
import { testLimits, until } from "../../topology/testing/memory-stage.ts";

const topic = paymentsCompleted.name;
const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/** A worker that delivers to a platform, which keeps each payment's `traceparent`. */
const delivering = async (t: TestContext) => {
  const received = new Map<string, string | undefined>();
  const server = createServer((request, response) => {
    const { "idempotency-key": key, traceparent: trace } = request.headers;
    received.set(String(key), Array.isArray(trace) ? trace.join() : trace);
    request.resume().once("end", () => response.writeHead(201).end());
  });
  const client = httpDataPlatform({
    url: `http://127.0.0.1:${await listening(server)}/`,
    concurrency: 4,
    timeoutMs: 5_000,
  });
  const { tracer, ended } = keptSpans(0);
  const broker = new MemoryBroker({ clock: systemClock });
  const dlq = deadLetterTopic(externalData.graph.name);
  for (const name of [topic, dlq, retryTopic(externalData.graph.name)])
    broker.createTopic(name, paymentsCompleted.partitions);
  const source = { schemaOf: async () => paymentsCompleted.schema.avro, idOf: async () => 1 };
  const codec = createCodec({ source, now: () => performance.now() });
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
    groupId: "test.external-data",
    backoff: deliveryBackoff,
    limits: testLimits,
    maxAttempts: 3,
    commitIntervalMs: 5,
    readinessPolicy: { graceMs: 0, optionalDependencies: [] },
    flood: { windowRecords: 1_000, minRecords: 100, maxShare: 0.5 },
    stall: { unreadyMs: 30_000, endMs: 120_000 },
    telemetry: noTelemetry,
    tracer,
  });
  t.after(async () => {
    await client.close();
    server.close();
  });
  const encode = await codec.encoder(paymentsCompleted);
  return { received, ended, tracer, broker, producer, worker, common, encode };
};

test("traces: reach the platform by the call's own span, and as they are when nobody records them here, when a payment's record has one", async (t) => {
  const { received, ended, broker, worker, encode } = await delivering(t);
  const headersOf = [traceparent, traceparent.replace(/01$/, "00"), "00-bad\r\nx: y", undefined];
  const payments = headersOf.map(() => aPayment());
  const records = payments.map((payment, at) => {
    const text = headersOf[at];
    const record = { key: Buffer.from(payment.orderId), value: encode(payment) };
    return text === undefined ? record : { ...record, headers: { traceparent: Buffer.from(text) } };
  });
  await broker.client("sender").append({ topic, partition: 0 }, records);
  await until("all are delivered", () => received.size === payments.length);
  await worker.stop();
  const write = ended.find(({ name }) => name === "write data-platform") ?? assert.fail();
  assert.deepEqual([write.context.traceId, write.parentSpanId], traceparent.split("-").slice(1, 3));
  assert.deepEqual(
    payments.map(({ paymentId }) => received.get(paymentId)),
    [formatTraceparent(write.context), headersOf[1], undefined, undefined],
  );
});

/** A shop in memory whose API traces by this tracer, and what pays one order of a new user there. */
const shopApi = (t: TestContext, tracer?: Tracer) => {
  const { shop, ports } = fakeStores();
  const api = apiInRealTime({ ports, ...(tracer === undefined ? {} : { tracer }) });
  t.after(() => api.close());
  const [cup, userId] = ["cup" as OptionId, "alice" as UserId];
  shop.left.set(cup, 100);
  shop.balances.set(userId, won(1_000_000));
  const pay = async (headers: Readonly<Record<string, string>>): Promise<string> => {
    const orderId = v7() as OrderId;
    const items = [{ optionId: cup, quantity: 1, unitPrice: won(1_000) }];
    shop.orders.set(orderId, { orderId, userId, items, coupons: [], paid: false });
    const own = { authorization: bearerOf(userId), "idempotency-key": v7(), ...headers };
    const answer = await api.inject({ method: "POST", url: "/v1/payments", headers: own, payload: { orderId } });
    assert.equal(answer.statusCode, 201, answer.body);
    return answer.json<{ readonly paymentId: string }>().paymentId;
  };
  return { shop, pay };
};

test("traces: are one from the request to the platform's, through the outbox, when the request's is recorded", async (t) => {
  const { received, ended, tracer, producer, worker, common, encode } = await delivering(t);
  const { shop, pay } = shopApi(t, tracer);
  const traced = await pay({ traceparent });
  // The ratio is 0: nobody records this one.
  const untraced = await pay({});
  const relay = startRelay({
    ...common,
    definition: paymentOutbox,
    outbox: memoryOutbox(shop),
    producer,
    encode,
    backoff: deliveryBackoff,
    telemetry: silentRelayTelemetry,
    settings: relayDefaults,
  });
  await until("both are delivered", () => received.size === 2);
  await relay.stop();
  await worker.stop();
  const [server, write] = ["POST /v1/payments", "write data-platform"].map(
    (name) => ended.find((span) => span.name === name) ?? assert.fail(name),
  );
  assert.ok(server && write);
  const [, traceId, spanId] = traceparent.split("-");
  assert.deepEqual([server.context.traceId, server.parentSpanId], [traceId, spanId]);
  assert.deepEqual([write.context.traceId, write.parentSpanId], [traceId, server.context.spanId]);
  assert.equal(received.get(traced), formatTraceparent(write.context));
  assert.equal(received.get(untraced), undefined);
});

test("traces: leave nothing in the outbox when they are off, or the request's is not recorded", async (t) => {
  const off = shopApi(t);
  await off.pay({ traceparent });
  const on = shopApi(t, keptSpans(0).tracer);
  await on.pay({ traceparent: traceparent.replace(/01$/, "00") });
  await on.pay({ traceparent: "00-bad" });
  const rows = [off, on].flatMap(({ shop }) => [...shop.outbox.values()]);
  assert.deepEqual(
    rows.map((row) => row.traceparent),
    [undefined, undefined, undefined],
  );
});
