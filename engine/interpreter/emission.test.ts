/** What a record hands on to the records written because of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RecordHeaders } from "../flow/processor.ts";
import { recordContext } from "../testing/record-context.ts";
import { emissionOf } from "./emission.ts";
import type { StepEnvironment } from "./round.ts";
import { answered } from "./testing/walking.ts";
import type { AnyTopic } from "../flow/parts.ts";

const environment: StepEnvironment = {
  attempt: () => Promise.reject(new Error("not called")),
  deps: {},
  encode: () => Buffer.from("bytes"),
  now: () => 0,
  limit: (task) => task(),
};
const headersOf = (headers: RecordHeaders): RecordHeaders | undefined => {
  const of = { value: { text: "a" }, context: recordContext({ headers }) };
  // Erasure: the topology's DSL does the same.
  return emissionOf(environment, answered as AnyTopic, of).headers;
};

test("emission: carries the trace's headers on, and no others, when its record belongs to one", () => {
  const [traceparent, tracestate, baggage] = [Buffer.from("00-a-b-01"), [Buffer.from("x=1"), null], Buffer.from("k=v")];
  const other = Buffer.from("secret");
  assert.deepEqual(headersOf({ traceparent, other, tracestate, baggage }), { traceparent, tracestate, baggage });
  assert.deepEqual(headersOf({ traceparent, "_flow.err.code": other }), { traceparent });
});

test("emission: hands on no header of a trace that is longer than one may be", () => {
  const traceparent = Buffer.from("00-a-b-01");
  assert.equal(headersOf({ traceparent: Buffer.alloc(900_000) }), undefined);
  assert.equal(headersOf({ traceparent: Array(100_000).fill(traceparent) }), undefined);
  assert.equal(headersOf({ traceparent: Buffer.alloc(56), baggage: Buffer.from("k=v") }), undefined);
  const long = { traceparent, tracestate: Buffer.alloc(513), baggage: Buffer.alloc(8_193) };
  assert.deepEqual(headersOf(long), { traceparent });
});

test("emission: has no headers when its record belongs to no trace", () => {
  assert.equal(headersOf({}), undefined);
  assert.equal(headersOf({ baggage: Buffer.from("k=v"), other: null }), undefined);
});
