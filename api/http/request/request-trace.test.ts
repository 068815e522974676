/** Spans of requests: which requests have one, what it says, and that log lines name its trace. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeProducer } from "../../../engine/log/testing/fake-producer.ts";
import { keptSpans } from "../../../engine/tracing/testing/kept-spans.ts";
import type { CouponIssueRequested } from "../../../schemas/coupon.ts";
import { apiInRealTime, bearerOf } from "../../testing/testing-api.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const sampled = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };

const stage = (ratio: number) => {
  const kept = keptSpans(ratio);
  const producer = fakeProducer<CouponIssueRequested>();
  const logged: (readonly [unknown, unknown])[] = [];
  const log = (fields: Readonly<Record<string, unknown>>) => void logged.push([fields["event"], fields["traceId"]]);
  const api = apiInRealTime({ tracer: kept.tracer, producer, log: { warn: log, error: log } });
  const reserve = (headers: Readonly<Record<string, string>> = {}) =>
    api.inject({
      method: "POST",
      url: "/v1/coupons/c/reservations",
      headers: { authorization: bearerOf("a"), ...headers },
    });
  return { ...kept, api, producer, logged, reserve };
};

test("request's span: names method, route and status, and no id, when a request of the API is answered", async () => {
  const { ended, reserve } = stage(1);
  assert.equal((await reserve()).statusCode, 202);
  const [span] = ended;
  assert.equal(span?.name, "POST /v1/coupons/:couponId/reservations");
  assert.deepEqual(Object.fromEntries(span?.attributes ?? []), {
    "http.request.method": "POST",
    "http.route": "/v1/coupons/:couponId/reservations",
    "http.response.status_code": 202,
  });
  assert.equal(span?.status, 0);
});

test("request's span: is none when a probe asks, or there is no such route", async () => {
  const { ended, api } = stage(1);
  for (const url of ["/live", "/ready", "/v1/nothing", "/nothing"]) await api.inject(url);
  assert.deepEqual(ended, []);
});

test("request's span: is no error when its client made the mistake, and one when the server did", async () => {
  const { ended, api, producer, reserve } = stage(1);
  await api.inject({ method: "POST", url: "/v1/coupons/c/reservations" });
  producer.backlog = 1_000_000;
  await reserve();
  assert.deepEqual(
    ended.map(({ status, attributes }) => [status, attributes.get("http.response.status_code")]),
    [
      [0, 401],
      [2, 503],
    ],
  );
});

test("request's span: names its trace in the log line, recorded or not, when the request is turned away", async () => {
  const { ended, producer, logged, reserve } = stage(0);
  producer.backlog = 1_000_000;
  await reserve({ traceparent: sampled.traceparent.replace(/01$/, "00") });
  assert.deepEqual([logged, ended], [[["request.turnedAway", traceId]], []]);
});

test("request's record: carries its span's context when the trace is recorded, and no header when it is not", async () => {
  const { ended, producer, reserve } = stage(0);
  await reserve(sampled);
  await reserve();
  await reserve({ traceparent: `${sampled.traceparent}, ${sampled.traceparent}` });
  assert.deepEqual(
    producer.produced.map(({ record }) => String(record.headers?.["traceparent"])),
    [`00-${traceId}-${ended[0]?.context.spanId}-01`, "undefined", "undefined"],
  );
});
