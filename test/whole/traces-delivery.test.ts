/** A payment's trace up to the platform: by the record's header, a worker's call and the request that the platform gets. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
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
import { startWorker } from "../../engine/worker/worker.ts";
import { deliveryBackoff } from "../../ops/processes/external-worker.ts";
import { paymentsCompleted } from "../../schemas/payment.ts";
import { httpDataPlatform } from "../../stores/http/data-platform.ts";
import { listening } from "../../stores/testing/tcp-proxy.ts";
import { aPayment } from "../../stores/testing/transaction-history.ts";
import { externalData } from "../../topology/external-data.ts";
import { testLimits, until } from "../../topology/testing/memory-stage.ts";

const topic = paymentsCompleted.name;
const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

test("traces: reach the platform by the call's own span, and as they are when nobody records them here, when a payment's record has one", async (t) => {
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
