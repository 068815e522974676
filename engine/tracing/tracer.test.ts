/** The tracer: whose decision counts, what a span keeps, and what it leaves out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { maxAttributes, maxLinks, maxText } from "./recording-span.ts";
import { keptSpans } from "./testing/kept-spans.ts";
import { isSampled } from "./trace-context.ts";

const remote = (traceFlags: number) => ({
  traceId: "a".repeat(32),
  spanId: "b".repeat(16),
  traceFlags,
  isRemote: true,
});
const under = (traceFlags: number) => trace.setSpanContext(ROOT_CONTEXT, remote(traceFlags));

test("tracer: records in the parent's trace when the parent is recorded, whatever the ratio", () => {
  const { tracer, ended } = keptSpans(0);
  tracer.startSpan("child", { kind: SpanKind.SERVER }, under(1)).end();
  const [span] = ended;
  assert.deepEqual(
    [span?.context.traceId, span?.parentSpanId, span?.kind, span?.context.traceFlags],
    ["a".repeat(32), "b".repeat(16), SpanKind.SERVER, 1],
  );
});

test("tracer: records nothing, and keeps the trace's id, when the parent is not recorded", () => {
  const { tracer, ended } = keptSpans(1);
  const span = tracer.startSpan("child", {}, under(0));
  span.setAttribute("a", 1).end();
  assert.deepEqual([span.isRecording(), span.spanContext().traceId, ended.length], [false, "a".repeat(32), 0]);
});

test("tracer: records a span with links when one of them is recorded, and else not", () => {
  const { tracer, ended } = keptSpans(0);
  tracer.startSpan("one", { links: [{ context: remote(0) }, { context: remote(1) }] }).end();
  tracer.startSpan("none", { links: [{ context: remote(0) }] }).end();
  assert.deepEqual(
    ended.map(({ name, parentSpanId }) => [name, parentSpanId]),
    [["one", undefined]],
  );
});

test("tracer: records the share of traces that the ratio says when they begin here", () => {
  for (const [ratio, least, most] of [
    [0, 0, 0],
    [0.25, 150, 350],
    [1, 1_000, 1_000],
  ] as const) {
    const { tracer } = keptSpans(ratio);
    const sampled = Array.from({ length: 1_000 }, () => tracer.startSpan("x").spanContext()).filter(isSampled).length;
    assert.ok(sampled >= least && sampled <= most, `${sampled} at ${ratio}`);
  }
});

test("span: keeps no more than its limits when it is given more", () => {
  const { tracer, ended } = keptSpans();
  const links = Array.from({ length: maxLinks + 5 }, () => ({ context: remote(1) }));
  const span = tracer.startSpan("n".repeat(1_000), { links });
  for (let n = 0; n < maxAttributes + 5; n++) span.setAttribute(`a${n}`, "v".repeat(1_000));
  span.addLinks(links);
  span.setAttribute("a0", ["l".repeat(1_000)]).setStatus({ code: SpanStatusCode.ERROR, message: "m".repeat(1_000) });
  span.end();
  const [kept] = ended;
  assert.deepEqual(
    [kept?.name.length, kept?.links.length, kept?.attributes.size, kept?.statusMessage?.length],
    [maxText, maxLinks, maxAttributes, maxText],
  );
  for (const value of kept?.attributes.values() ?? []) assert.equal(String(value).length, maxText);
});

test("span: is told once, and changes no more, when it is ended twice", () => {
  const { tracer, ended } = keptSpans();
  const span = tracer.startSpan("one");
  span.end();
  span.updateName("two").setAttribute("a", 1).end();
  assert.deepEqual(
    ended.map(({ name, attributes }) => [name, attributes.size]),
    [["one", 0]],
  );
});

test("tracer: gives the function its span when it is asked in any of the three forms", () => {
  const { tracer } = keptSpans();
  assert.equal(
    tracer.startActiveSpan("a", (span) => span.isRecording()),
    true,
  );
  assert.equal(
    tracer.startActiveSpan("a", {}, (span) => span.isRecording()),
    true,
  );
  assert.equal(
    tracer.startActiveSpan("a", {}, under(0), (span) => span.isRecording()),
    false,
  );
});
