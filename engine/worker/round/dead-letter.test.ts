/** Dead letters: the record as it was, and the way it came. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Poison } from "../../errors.ts";
import { type Failure, shortenDeadLetter, toDeadLetter } from "./dead-letter.ts";
import type { Headers, LogRecord } from "../../log/log.ts";

const provenance = { groupId: "g.coupon-issuing", graphHash: "abc" };
const from = { topic: "coupon-issue", partition: 3 };
const failure: Failure = { stage: "decode", node: "decode", error: new Poison("MALFORMED", "3 bytes"), held: [] };
const record = (headers: Headers = {}): LogRecord => ({
  offset: 42n,
  timestampMs: 1_000,
  key: Buffer.from("summer"),
  value: Buffer.from([0, 0, 0, 0, 7, 1]),
  headers,
});
const text = (headers: Headers | undefined, name: string): string => String(headers?.[`_flow.err.${name}`]);

test("dead letter: keeps key, value and headers to the byte when a record is poison", () => {
  const headers = { traceparent: Buffer.from("00-1"), twice: [Buffer.from("a"), null] };
  const letter = toDeadLetter({ from, record: record(headers), failure }, provenance, 5_000);
  assert.deepEqual(letter.key, Buffer.from("summer"));
  assert.deepEqual(letter.value, Buffer.from([0, 0, 0, 0, 7, 1]));
  assert.deepEqual([letter.headers?.["traceparent"], letter.headers?.["twice"]], [headers.traceparent, headers.twice]);
});

test("dead letter: says where the record came from and why when it is written", () => {
  const { headers } = toDeadLetter({ from, record: record(), failure }, provenance, 5_000);
  const said = [
    "topic",
    "partition",
    "offset",
    "timestamp",
    "group",
    "stage",
    "node",
    "code",
    "kind",
    "schema-id",
    "ir",
  ];
  assert.deepEqual(
    said.map((name) => text(headers, name)),
    ["coupon-issue", "3", "42", "1000", "g.coupon-issuing", "decode", "decode", "MALFORMED", "poison", "7", "abc"],
  );
});

test("dead letter: is in doubt and lists what is held when retries were exhausted", () => {
  const inDoubt = {
    ...failure,
    stage: "process",
    node: "write-through",
    error: new Error("x"),
    held: ["reserve-stock"],
  } as const;
  const { headers } = toDeadLetter({ from, record: record(), failure: inDoubt }, provenance, 5_000);
  assert.deepEqual([text(headers, "kind"), text(headers, "held")], ["in-doubt", "reserve-stock"]);
});

test("dead letter: counts attempts and keeps the first time when the record has been here before", () => {
  const once = toDeadLetter({ from, record: record(), failure }, provenance, 5_000);
  const twice = toDeadLetter({ from, record: record(once.headers), failure }, provenance, 9_000);
  const said = ["attempt", "first-at", "last-at"].map((name) => text(twice.headers, name));
  assert.deepEqual(said, ["2", "5000", "9000"]);
  assert.equal(Object.keys(twice.headers ?? {}).length, Object.keys(once.headers ?? {}).length);
});

test("dead letter: has one fingerprint for records that failed alike, and another when the node differs", () => {
  const error = failure.error;
  const print = (node: string, offset: bigint) =>
    text(
      toDeadLetter({ from, record: { ...record(), offset }, failure: { ...failure, node, error } }, provenance, 1)
        .headers,
      "fingerprint",
    );
  assert.equal(print("decode", 1n), print("decode", 2n));
  assert.notEqual(print("decode", 1n), print("write-through", 1n));
});

test("dead letter: cuts the stack at 4 KiB when it is longer", () => {
  const error = new Error("deep");
  error.stack = "x".repeat(10_000);
  const { headers } = toDeadLetter({ from, record: record(), failure: { ...failure, error } }, provenance, 1);
  assert.equal(Buffer.byteLength(text(headers, "stack")), 4_096);
});

test("dead letter: keeps where the record first stood when it fails again elsewhere", () => {
  const once = toDeadLetter({ from, record: record(), failure }, provenance, 5_000);
  const again = { ...record(once.headers), offset: 7n };
  const { headers } = toDeadLetter(
    { from: { topic: "retry", partition: 0 }, record: again, failure },
    provenance,
    9_000,
  );
  const said = ["topic", "partition", "offset"].map((name) => text(headers, name));
  assert.deepEqual(said, ["coupon-issue", "3", "42"]);
});

test("dead letter: names the error's class when it is one of ours", () => {
  assert.equal(text(toDeadLetter({ from, record: record(), failure }, provenance, 1).headers, "class"), "Poison");
});

test("dead letter: is in doubt when something is still held, whatever the error", () => {
  const { headers } = toDeadLetter(
    { from, record: record(), failure: { ...failure, held: ["reserve-stock"] } },
    provenance,
    5_000,
  );
  assert.deepEqual([text(headers, "kind"), text(headers, "held")], ["in-doubt", "reserve-stock"]);
});

test("dead letter: drops its stack first, then what its own topic still has, and then nothing, when it is too large", () => {
  const headers = { traceparent: Buffer.from("00-1"), "_flow.err.topic": Buffer.alloc(5_000, "x") };
  const letter = toDeadLetter({ from, record: record(headers), failure }, provenance, 5_000);
  const once = shortenDeadLetter(letter);
  assert.deepEqual([once?.key, once?.value], [letter.key, letter.value]);
  assert.deepEqual(once?.headers?.["traceparent"], headers.traceparent);
  assert.deepEqual([text(once?.headers, "stack"), text(once?.headers, "dropped")], ["undefined", "stack"]);
  const twice = once && shortenDeadLetter(once);
  assert.deepEqual([twice?.key, twice?.value, twice?.headers?.["traceparent"]], [null, null, undefined]);
  assert.deepEqual(
    ["partition", "offset", "code", "dropped", "value-bytes"].map((name) => text(twice?.headers, name)),
    ["3", "42", "MALFORMED", "stack,key,value,headers", "6"],
  );
  const bytes = Object.values(twice?.headers ?? {}).map((value) => (Buffer.isBuffer(value) ? value.length : 0));
  assert.ok(Math.max(...bytes) <= 1_024, "a header that somebody else gave our name is cut");
  assert.equal(twice && shortenDeadLetter(twice), undefined);
});
