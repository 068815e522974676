/** What is left of a record that is larger than its topic's, and that others are not touched. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogRecord } from "../../log/log.ts";
import { earlierOf } from "../round/letter-headers.ts";
import { bounded } from "./bounded.ts";

const record: LogRecord = { offset: 7n, timestampMs: 9, key: Buffer.alloc(10), value: Buffer.alloc(90), headers: {} };

test("bounded: gives a record back as it is when it is not too large", () => {
  assert.equal(bounded(record, 1_000), record);
});

test("bounded: lets go of key, value and headers when a record is too large, and says how large they were", () => {
  const left = bounded({ ...record, headers: { own: Buffer.alloc(5_000) } }, 1_000);
  assert.deepEqual([left.offset, left.timestampMs, left.key, left.value, left.headers], [7n, 9, null, null, {}]);
  assert.deepEqual(left.letGo, { keyBytes: 10, valueBytes: 90 });
  assert.match(left.unreadable ?? "", /those of its topic have 1000 at most/);
});

test("bounded: keeps what a retry record says of its original, and none of our names that is longer than ours are", () => {
  const of = { topic: "t", partition: "3", offset: "42", timestamp: "1000", attempt: "1" };
  const ours = Object.fromEntries(Object.entries(of).map(([name, text]) => [`_flow.err.${name}`, Buffer.from(text)]));
  const forged = { "_flow.err.note": Buffer.alloc(5_000) };
  const left = bounded({ ...record, headers: { ...ours, ...forged, own: Buffer.alloc(5_000) } }, 1_000);
  assert.deepEqual(left.headers, ours);
  assert.deepEqual(earlierOf(left.headers)?.origin, { topic: "t", partition: 3, offset: 42n, timestampMs: 1_000 });
});
