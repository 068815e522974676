/** One request's trace: from its header by the log and a round to a verdict, as a receiver of traces sees it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { apiInRealTime, bearerOf } from "../../api/testing/testing-api.ts";
import { openTracing } from "../../engine/app/process/open-tracing.ts";
import { systemClock } from "../../engine/clock.ts";
import { accumulatorDefaults, createAccumulator, loadPartitionCounts } from "../../engine/log/producer/accumulator.ts";
import { silentLogger } from "../../engine/logger.ts";
import { startOtlpReceiver } from "../../engine/tracing/testing/otlp-receiver.ts";
import { contextOfRecord } from "../../engine/tracing/trace-context.ts";
import { couponIssueRequests, couponsIssued } from "../../schemas/coupon.ts";
import { memoryStage, openCoupon, until } from "../../topology/testing/memory-stage.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";
const config = (endpoint: string) => ({
  tracing: { endpoint, headers: Buffer.from(""), timeoutMs: 5_000, serviceName: "sluice-test", ratio: 0 },
});

test("traces: name one trace in the request's span, the records' headers and the round's links when a client brings it", async (t) => {
  const receiver = await startOtlpReceiver();
  const registry = new Registry();
  const tracing = openTracing({ config: config(receiver.url), logger: silentLogger, registry }, "test");
  const tracer = tracing?.tracer ?? assert.fail();
  const stage = memoryStage(openCoupon("hot", 10));
  const log = stage.broker.client("api");
  const producer = createAccumulator({
    ...accumulatorDefaults,
    writer: log,
    partitionCounts: await loadPartitionCounts(log, [couponIssueRequests.name]),
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
  });
  const api = apiInRealTime({ producer, encodeRequest: await stage.codec.encoder(couponIssueRequests), tracer });
  const worker = await stage.start("w1", { tracer });
  t.after(async () => {
    await api.close();
    await receiver.close();
  });
  const reserve = (user: string, headers: Readonly<Record<string, string>>) =>
    api.inject({
      method: "POST",
      url: "/v1/coupons/hot/reservations",
      headers: { authorization: bearerOf(user), ...headers },
    });
  assert.equal((await reserve("alice", { traceparent: `00-${traceId}-${parentId}-01` })).statusCode, 202);
  // At a ratio of 0 nobody records the others: one without a context, one with a malformed one.
  assert.equal((await reserve("bob", {})).statusCode, 202);
  assert.equal((await reserve("carol", { traceparent: `00-${traceId}-01` })).statusCode, 202);
  await until("all are issued", () => stage.records(couponsIssued).length === 3);
  await worker.stop();
  await tracing?.close();

  const server = receiver.spans.filter(({ kind }) => kind === 2);
  assert.deepEqual(
    server.map((span) => [span.name, span.traceId, span.parentSpanId]),
    [["POST /v1/coupons/:couponId/reservations", traceId, parentId]],
  );
  const carried = [...stage.records(couponIssueRequests), ...stage.records(couponsIssued)].flatMap(
    ({ headers }) => contextOfRecord(headers) ?? [],
  );
  const own = { traceId, spanId: server[0]?.spanId };
  assert.deepEqual(
    carried.map((context) => ({ traceId: context.traceId, spanId: context.spanId })),
    [own, own],
  );
  const [round] = receiver.spans.filter(({ kind }) => kind === 5);
  assert.deepEqual(
    round?.links?.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
    [own],
  );
  assert.notEqual(round?.traceId, traceId);
  const metrics = await registry.metrics();
  assert.match(metrics, new RegExp(`sluice_spans_total\\{result="exported"\\} ${receiver.spans.length}\n`));
});

test("traces: are off, and cost a request nothing, when no endpoint is given", () => {
  const opened = openTracing(
    { config: { tracing: undefined }, logger: silentLogger, registry: new Registry() },
    "test",
  );
  assert.equal(opened, undefined);
});
