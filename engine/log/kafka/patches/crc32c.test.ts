/** crc32c against a published value and against kafkajs's own loop. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import fc from "fast-check";
import { crc32c } from "./crc32c.ts";

const reference = createRequire(import.meta.url)("kafkajs/src/protocol/recordBatch/crc32C") as (b: Buffer) => number;

test("crc32c: gives the check value of RFC 3720's polynomial", () => {
  assert.equal(crc32c(Buffer.from("123456789"), 0, 9), 0xe3069283);
});

test("crc32c: agrees with kafkajs at any alignment and length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (bytes, skip) => {
      const buffer = Buffer.from(bytes);
      const start = Math.min(skip, buffer.length);
      assert.equal(crc32c(buffer, start, buffer.length), reference(buffer.subarray(start)));
    }),
  );
});
