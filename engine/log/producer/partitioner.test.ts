/** The partitioner against the Java client's own vectors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { murmur2, partitionOfKey } from "./partitioner.ts";

/** From org.apache.kafka.common.utils.UtilsTest.testMurmur2. */
const vectors: readonly (readonly [string, number])[] = [
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
];

test("murmur2: gives what the Java client gives", () => {
  for (const [text, hash] of vectors) assert.equal(murmur2(Buffer.from(text)), hash, text);
});

test("partition of a key: drops the sign when the hash is negative", () => {
  assert.equal(partitionOfKey(Buffer.from("21"), 12), (-973932308 & 0x7fffffff) % 12);
});
