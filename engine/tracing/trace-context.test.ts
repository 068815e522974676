/** The grammar of traceparent: what is one, what is none, and that nothing of anybody's makes it throw. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { contextOfRecord, formatTraceparent, isSampled, parseTraceparent } from "./trace-context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";
const good = `00-${traceId}-${spanId}-01`;

test("traceparent: is read and written again as it was when it is well-formed", () => {
  const context = parseTraceparent(good) ?? assert.fail();
  assert.deepEqual(context, { traceId, spanId, traceFlags: 1, isRemote: true });
  assert.equal(formatTraceparent(context), good);
  assert.equal(isSampled(parseTraceparent(good.replace(/01$/, "00")) ?? assert.fail()), false);
});

test("traceparent: keeps of the flags only the one that is known when there are others", () => {
  assert.equal(parseTraceparent(good.replace(/01$/, "ff"))?.traceFlags, 1);
  assert.equal(parseTraceparent(good.replace(/01$/, "fe"))?.traceFlags, 0);
});

test("traceparent: is read by what is known of it when its version is a later one", () => {
  const later = good.replace(/^00/, "cc");
  for (const text of [later, `${later}-`, `${later}-what-will-be`])
    assert.equal(parseTraceparent(text)?.traceId, traceId);
  assert.equal(parseTraceparent(`${later}.what`), undefined);
});

const malformed: readonly [string, unknown][] = [
  ["missing", undefined],
  ["empty", ""],
  ["a list", [good]],
  ["sent twice", `${good}, ${good}`],
  ["too long for version 00", `${good}-01`],
  ["of the version that is none", good.replace(/^00/, "ff")],
  ["upper case", good.toUpperCase()],
  ["without an id of the trace", good.replace(traceId, "0".repeat(32))],
  ["without an id of the parent", good.replace(spanId, "0".repeat(16))],
  ["short", good.slice(0, -1)],
  ["with a line end", `${good}\n`],
  ["with space around", ` ${good}`],
  ["longer than anybody reads", `cc${good.slice(2)}-${"x".repeat(300)}`],
];
for (const [what, text] of malformed)
  test(`traceparent: is as if it were not there when it is ${what}`, () =>
    assert.equal(parseTraceparent(text), undefined));

test("traceparent: never throws, and is written as it is read, when it is any text", () => {
  const mutated = fc
    .tuple(fc.nat(54), fc.string({ maxLength: 2 }))
    .map(([at, put]) => good.slice(0, at) + put + good.slice(at + 1));
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 300 }), mutated), (text) => {
      const context = parseTraceparent(text);
      if (context !== undefined) assert.match(formatTraceparent(context), /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    }),
  );
});

test("a record's context: is read from its one header, and is none when there are two, none, or a null", () => {
  const bytes = Buffer.from(good);
  assert.equal(contextOfRecord({ traceparent: bytes })?.spanId, spanId);
  assert.equal(contextOfRecord({ traceparent: [bytes] })?.spanId, spanId);
  for (const headers of [
    {},
    { traceparent: null },
    { traceparent: [] },
    { traceparent: [bytes, bytes] },
    { traceparent: Buffer.alloc(1_000_000, 48) },
  ])
    assert.equal(contextOfRecord(headers), undefined);
  assert.equal(contextOfRecord(Object.create({ traceparent: bytes })), undefined);
});
