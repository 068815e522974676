/** Our record decoder against kafkajs's own, on the same buffers. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { test } from "node:test";
import fc from "fast-check";
import type { DecodedMessage } from "../internals.ts";
import { requireKafkajs } from "../kafkajs.ts";
import { decodeMessagesPatch } from "./decode-messages.ts";
import { type EncodableRecord, putBatch, sizeBatch } from "./record-batch.ts";

const file = "src/protocol/requests/fetch/v4/decodeMessages.js";
const unpatched = requireKafkajs([]);
const theirs = unpatched(file);
const Decoder = unpatched("src/protocol/decoder.js");
const ours = requireKafkajs([decodeMessagesPatch])(file);

interface BatchSpec {
  readonly firstOffset: bigint;
  readonly attributes: number;
  readonly records: readonly EncodableRecord[];
}
const batchBytes = ({ firstOffset, attributes, records }: BatchSpec): Buffer => {
  const batch = sizeBatch(records, 1_790_000_000_000);
  const bytes = Buffer.alloc(batch.sizeBytes);
  putBatch(bytes, 0, {
    batch,
    fields: { producerId: 7n, producerEpoch: 1, firstSequence: 0, transactional: false },
  });
  bytes.writeBigInt64BE(firstOffset, 0);
  bytes.writeInt16BE(attributes, 21);
  return bytes;
};
const sized = (bytes: Buffer): Buffer => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes, Buffer.from("what follows in the response")]);
};
/** Decodes with both and answers what they agree on: the records as plain values, and where the cursor stands after. */
const decodeWith = async (decode: typeof ours, response: Buffer) => {
  const decoder = new Decoder(response);
  const records = await decode(decoder);
  return { records: records.map(plain), offset: decoder.offset };
};
const plain = (record: DecodedMessage) => ({
  offset: String(record.offset),
  timestamp: "timestamp" in record && record.timestamp,
  key: record.key,
  value: record.value,
  headers: "headers" in record && record.headers,
  isControlRecord: record.isControlRecord,
  producerId: record.batchContext.producerId,
  inTransaction: record.batchContext.inTransaction,
});
const assertSame = async (response: Buffer): Promise<number> => {
  const [expected, got] = [await decodeWith(theirs, response), await decodeWith(ours, response)];
  assert.deepEqual(got, expected);
  return got.records.length;
};

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const nullable = fc.option(bytes, { nil: null });
/** kafkajs takes a header named like a property that every object inherits for a repeated one; see the test of that. */
const headerName = fc.string({ maxLength: 12 }).filter((name) => !(name in {}));
const record = fc.record({
  key: nullable,
  value: nullable,
  headers: fc.dictionary(headerName, fc.oneof(nullable, fc.array(nullable, { maxLength: 3 }))),
  timestamp: fc.integer({ min: 0, max: 4_000_000_000_000 }),
});
const batch: fc.Arbitrary<BatchSpec> = fc.record({
  firstOffset: fc.bigInt({ min: 0n, max: 2n ** 62n }),
  attributes: fc.constantFrom(0, 0x8, 0x10, 0x20, 0x30),
  records: fc.array(record, { minLength: 1, maxLength: 30 }),
});

test("decode messages: reads what kafkajs reads, wherever the response was cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { minLength: 1, maxLength: 4 }),
      fc.double({ min: 0, max: 1 }),
      async (all, cut) => {
        const whole = Buffer.concat(all.map(batchBytes));
        await assertSame(sized(whole));
        await assertSame(sized(whole.subarray(0, 17 + Math.floor(cut * (whole.length - 17)))));
      },
    ),
  );
});

test("decode messages: reads compressed batches", async () => {
  const plainBatch = batchBytes({
    firstOffset: 5n,
    attributes: 0,
    records: [{ key: "k", value: "v" }, { value: "w".repeat(500) }],
  });
  const compressed = Buffer.concat([plainBatch.subarray(0, 61), gzipSync(plainBatch.subarray(61))]);
  compressed.writeInt32BE(compressed.length - 12, 8);
  compressed.writeInt16BE(1, 21);
  assert.equal(await assertSame(sized(compressed)), 2);
});

test("decode messages: takes headers named like what every object inherits for names", async () => {
  const headers = JSON.parse(
    '{"__proto__": "a", "toString": "b", "constructor": ["c", "d"]}',
  ) as EncodableRecord["headers"];
  const response = sized(batchBytes({ firstOffset: 0n, attributes: 0, records: [{ value: null, headers }] }));
  const [got] = (await decodeWith(ours, response)).records;
  assert.ok(got?.headers && typeof got.headers === "object");
  const named = Object.entries(got.headers).map(([name, value]) => `${name} ${String(value)}`);
  assert.deepEqual(named, ["__proto__ a", "toString b", "constructor c,d"]);
  assert.equal(Object.getPrototypeOf(got.headers), Object.prototype);
});

test("decode messages: reads nothing from an empty partition", async () => {
  assert.equal(await assertSame(sized(Buffer.alloc(0))), 0);
});

test("decode messages: gives offsets as bigint and timestamps as numbers", async () => {
  const response = sized(
    batchBytes({ firstOffset: 2n ** 60n, attributes: 0, records: [{ value: "v", timestamp: 12 }] }),
  );
  const [got] = await ours(new Decoder(response));
  assert.equal(got?.offset, 2n ** 60n);
  assert.equal(got && "timestampMs" in got && got.timestampMs, 12);
});
