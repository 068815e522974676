/** Retry records: the record as it was, and no more of ours than is needed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Poison } from "../../errors.ts";
import type { Headers, LogRecord } from "../../log/log.ts";
import { toDeadLetter } from "./dead-letter.ts";
import { toRetryRecord } from "./retry-record.ts";

const own: Headers = {
  traceparent: Buffer.from("00-1"),
  twice: [Buffer.from("a"), null],
  empty: Buffer.alloc(0),
  ["__proto__"]: Buffer.from("a name like any other"),
};
const record: LogRecord = {
  offset: 42n,
  timestampMs: 1_000,
  key: Buffer.from([0, 255]),
  value: Buffer.from([0, 0, 0, 0, 7, 1]),
  headers: own,
};
const from = { topic: "coupon-issue", partition: 3 };
const failure = { stage: "decode", node: "decode", error: new Poison("MALFORMED", "3 bytes"), held: [] } as const;
const letterOf = (of: Partial<LogRecord> = {}) =>
  toDeadLetter({ from, record: { ...record, ...of }, failure }, { groupId: "g", graphHash: "abc" }, 5_000);
const ours = (headers: Headers = {}) =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (name.startsWith("_flow.err.") ? [[name, String(value)]] : [])),
  );

test("toRetryRecord: has the record's key, value and headers to the byte when a letter is replayed", () => {
  const retried = toRetryRecord(letterOf());
  assert.deepEqual([retried.key, retried.value], [record.key, record.value]);
  const others = Object.entries(retried.headers ?? {}).filter(([name]) => !name.startsWith("_flow.err."));
  assert.deepEqual(others, Object.entries(own));
});

test("toRetryRecord: keeps null and empty keys and values apart when a letter is replayed", () => {
  for (const bytes of [null, Buffer.alloc(0)]) {
    const { key, value } = toRetryRecord(letterOf({ key: bytes, value: bytes }));
    assert.deepEqual([key, value], [bytes, bytes]);
  }
});

test("toRetryRecord: has of ours only the origin of its record and what it went through", () => {
  assert.deepEqual(ours(toRetryRecord(letterOf(), "job-1").headers), {
    "_flow.err.topic": "coupon-issue",
    "_flow.err.partition": "3",
    "_flow.err.offset": "42",
    "_flow.err.timestamp": "1000",
    "_flow.err.attempt": "1",
    "_flow.err.first-at": "5000",
    "_flow.err.job": "job-1",
  });
});

test("toRetryRecord: has no job when none is given and the letter has none", () => {
  assert.equal(ours(toRetryRecord(letterOf()).headers)["_flow.err.job"], undefined);
});

test("toRetryRecord: passes on a letter without any headers when it is no letter of ours", () => {
  assert.deepEqual(toRetryRecord({ key: null, value: record.value }), { key: null, value: record.value, headers: {} });
});
