/** The spans of a round: what it is linked to, whose child a call is, and what a call is given to send on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../errors.ts";
import type { RecordContext } from "../../flow/processor.ts";
import type { Call, StepEnvironment } from "../../interpreter/interpret.ts";
import { recordContext } from "../../testing/record-context.ts";
import { maxLinks } from "../../tracing/recording-span.ts";
import { keptSpans } from "../../tracing/testing/kept-spans.ts";
import { contextOfRecord } from "../../tracing/trace-context.ts";
import { inFlight, type Round } from "../partition/in-flight.ts";
import { traceRound } from "./round-trace.ts";

const from = { topic: "records", partition: 3 };
const feed = { at: from, ledger: { enter: () => assert.fail(), finish: () => {}, committable: () => 0n } };
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const headersOf = (flags: string) => ({ traceparent: Buffer.from(`00-${traceId}-00f067aa0ba902b7-${flags}`) });
const roundOf = (...headers: readonly RecordContext["headers"][]): Round =>
  headers.map((one, at) => {
    const record = { offset: BigInt(at), timestampMs: 0, key: null, value: null, headers: one };
    return inFlight(record, { finished: false }, feed as unknown as Round[number]["feed"]);
  });
const itemOf = (headers: RecordContext["headers"]) => ({ value: 1, lane: "k", context: recordContext({ headers }) });
const by = { topology: "t", groupId: "g", from };

/** An environment that runs calls as they are, or fails them. */
const environmentOf = (attempt: StepEnvironment["attempt"]): StepEnvironment => ({
  attempt,
  deps: undefined,
  encode: () => Buffer.alloc(0),
  now: () => 0,
  limit: (task) => task(),
});
const running = environmentOf(async ({ items, run }) =>
  (await run(items)).map((value) => ({ ok: true as const, value })),
);

test("round's span: is none when traces are off, and when no record is in a trace that is recorded", () => {
  const { tracer } = keptSpans();
  assert.equal(traceRound({ ...by, tracer: undefined }, roundOf(headersOf("01"))), undefined);
  const others = roundOf({}, headersOf("00"), { traceparent: Buffer.from("00-nonsense") }, { traceparent: null });
  assert.equal(traceRound({ ...by, tracer }, others), undefined);
});

test("round's span: has a link to each record in a recorded trace, a hundred at most, and no parent", () => {
  const { tracer, ended } = keptSpans(0);
  const many = Array.from({ length: maxLinks + 50 }, () => headersOf("01"));
  traceRound({ ...by, tracer }, roundOf({}, headersOf("00"), headersOf("01")))?.end();
  traceRound({ ...by, tracer }, roundOf(...many))?.end(new Unavailable("x", "away"));
  assert.deepEqual(
    ended.map((span) => [span.links.length, span.parentSpanId, span.attributes.get("messaging.batch.message_count")]),
    [
      [1, undefined, 3],
      [maxLinks, undefined, maxLinks + 50],
    ],
  );
  assert.equal(ended[1]?.attributes.get("error.type"), "UNAVAILABLE");
});

const calling = async (environment: StepEnvironment, headers: readonly RecordContext["headers"][]) => {
  const { tracer, ended } = keptSpans(0);
  const round = traceRound({ ...by, tracer }, roundOf(headersOf("01")));
  const seen: RecordContext[] = [];
  const call: Call<number> = {
    name: "step",
    items: headers.map(itemOf),
    run: async (items) => {
      seen.push(...items.map(({ context }) => context));
      return items.map(() => 1);
    },
  };
  const results = await round?.around(environment).attempt(call);
  round?.end();
  const own = ended.find(({ kind }) => kind === 4) ?? assert.fail();
  return { call: ended.find(({ name }) => name === "step"), own, seen, results };
};

test("a call's span: is the round's child, and its records are given as they are, when it is for several", async () => {
  const { call, own, seen } = await calling(running, [headersOf("01"), {}]);
  assert.deepEqual([call?.context.traceId, call?.parentSpanId], [own.context.traceId, own.context.spanId]);
  assert.deepEqual(
    seen.map(({ headers }) => headers),
    [headersOf("01"), {}],
  );
});

test("a call's span: is in its record's trace, linked to the round, and is what the call sends on, when it is for one", async () => {
  const { call, own, seen } = await calling(running, [{ ...headersOf("01"), other: Buffer.from("x") }]);
  assert.deepEqual([call?.context.traceId, call?.parentSpanId], [traceId, "00f067aa0ba902b7"]);
  assert.deepEqual(call?.links, [own.context]);
  assert.equal(contextOfRecord(seen[0]?.headers ?? {})?.spanId, call?.context.spanId);
  assert.equal(String(seen[0]?.headers["other"]), "x");
});

test("a call's span: is none when it is for one record whose trace is not recorded", async () => {
  const { call, seen } = await calling(running, [headersOf("00")]);
  assert.equal(call, undefined);
  assert.deepEqual(seen[0]?.headers, headersOf("00"));
});

test("a call's span: ends with the code of what failed, and no message, when an attempt fails or rejects", async () => {
  const error = new Unavailable("x", "secret");
  const failed = await calling(
    environmentOf(async () => [{ ok: false, error }]),
    [headersOf("01")],
  );
  assert.deepEqual(
    [failed.call?.status, failed.call?.attributes.get("error.type"), failed.call?.statusMessage],
    [2, "UNAVAILABLE", undefined],
  );
  const rejecting = environmentOf(() => Promise.reject(error));
  await assert.rejects(calling(rejecting, [headersOf("01")]), Unavailable);
});
