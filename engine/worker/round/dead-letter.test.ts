/** Dead letters: the record as it was, and the way it came. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Poison } from "../../errors.ts";
import { type Failure, shortenDeadLetter, toDeadLetter } from "./dead-letter.ts";
import { retryTopic, toRetryRecord } from "./retry-record.ts";
import type { Headers, LogRecord } from "../../log/log.ts";

const provenance = { groupId: "g.coupon-issuing", graphHash: "abc" };
const from = { topic: "coupon-issue", partition: 3 };
const retryPlace = { topic: retryTopic("coupon-issuing"), partition: 3 };
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

test("dead letter: counts attempts and keeps the first time and the job when the record was replayed", () => {
  const once = toDeadLetter({ from, record: record(), failure }, provenance, 5_000);
  const retried = record(toRetryRecord(once, "job-1").headers);
  const twice = toDeadLetter({ from: retryPlace, record: retried, failure, replayed: true }, provenance, 9_000);
  const said = ["attempt", "first-at", "last-at", "job"].map((name) => text(twice.headers, name));
  assert.deepEqual(said, ["2", "5000", "9000", "job-1"]);
  assert.equal(Object.keys(twice.headers ?? {}).length, Object.keys(once.headers ?? {}).length + 1);
});

test("dead letter: believes no headers in our name when the record came by its source", () => {
  const once = toDeadLetter({ from, record: record(), failure }, provenance, 5_000);
  const copied = { ...record(once.headers), offset: 77n };
  const letter = toDeadLetter({ from, record: copied, failure }, provenance, 9_000);
  const said = ["offset", "attempt", "first-at", "job"].map((name) => text(letter.headers, name));
  assert.deepEqual(said, ["77", "1", "9000", "undefined"]);
  assert.equal(Object.keys(letter.headers ?? {}).length, Object.keys(once.headers ?? {}).length, "nothing piles up");
});

for (const [name, value] of [
  ["offset", "-1"],
  ["offset", "9".repeat(17)],
  ["partition", "x"],
  ["timestamp", ""],
  ["attempt", "0"],
  ["topic", ""],
] as const) {
  test(`dead letter: is of where the record stands when it was replayed with ${name} "${value}"`, () => {
    const once = toDeadLetter({ from, record: record(), failure }, provenance, 5_000);
    const headers = { ...toRetryRecord(once).headers, [`_flow.err.${name}`]: Buffer.from(value) };
    const letter = toDeadLetter(
      { from: retryPlace, record: record(headers), failure, replayed: true },
      provenance,
      9_000,
    );
    const said = ["topic", "partition", "offset", "attempt"].map((one) => text(letter.headers, one));
    assert.deepEqual(said, ["coupon-issuing.retry", "3", "42", "1"]);
  });
}

test("dead letter: tells the tries that failed and when when there were several", () => {
  const tried = { tries: 5, firstAtMs: 2_000, lastAtMs: 4_500 };
  const { headers } = toDeadLetter({ from, record: record(), failure: { ...failure, tried } }, provenance, 5_000);
  const said = ["attempt", "tries", "first-at", "last-at"].map((name) => text(headers, name));
  assert.deepEqual(said, ["1", "5", "2000", "4500"]);
});

const streams = (headers: Headers | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, value]) =>
      name.startsWith("__streams.errors.") ? [[name.slice("__streams.errors.".length), String(value)]] : [],
    ),
  );

test("dead letter: says the same by Kafka Streams' names when a console knows no others", () => {
  const { headers } = toDeadLetter({ from, record: record(), failure }, provenance, 5_000);
  const said = { topic: "coupon-issue", partition: "3", offset: "42", exception: "Poison", message: "3 bytes" };
  assert.deepEqual(streams(headers), said);
});

test("dead letter: keeps Kafka Streams' headers when the record has some of its own", () => {
  const own = { "__streams.errors.topic": Buffer.from("orders"), "__streams.errors.offset": Buffer.from("9") };
  const letter = toDeadLetter({ from, record: record(own), failure }, provenance, 5_000);
  assert.deepEqual(streams(letter.headers), { topic: "orders", offset: "9" });
  assert.deepEqual(streams(toRetryRecord(letter).headers), { topic: "orders", offset: "9" });
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

test("dead letter: keeps the origin of its record when it was replayed and fails again", () => {
  const once = toDeadLetter({ from, record: record(), failure }, provenance, 5_000);
  const again = { ...record(toRetryRecord(once).headers), offset: 7n };
  const { headers } = toDeadLetter({ from: retryPlace, record: again, failure, replayed: true }, provenance, 9_000);
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
