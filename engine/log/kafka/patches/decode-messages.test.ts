/** Our record decoder against kafkajs's own, on the same buffers. */
import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { test } from "node:test";
import fc from "fast-check";
import { decompressedMaxBytes } from "../codecs/codecs.ts";
import { kafkaBatches } from "../codecs/testing/batches.ts";
import type { LogRecord } from "../../log.ts";
import type { DecodedMessage } from "../internals.ts";
import { requireKafkajs } from "../kafkajs.ts";
import { crc32c } from "./crc32c.ts";
import { decodeMessagesPatch, decompressedAtOnceBytes } from "./decode-messages.ts";
import { plainRecord } from "./fetched-records.ts";
import { batchHeaderBytes, type EncodableRecord, putBatch, sizeBatch } from "./record-batch.ts";

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
const sizeOf = (bytes: Buffer): Buffer => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return size;
};
const sized = (bytes: Buffer): Buffer =>
  Buffer.concat([sizeOf(bytes), bytes, Buffer.from("what follows in the response")]);
/** Decodes with both and answers what they agree on: the records as plain values, and where the cursor is after. */
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

test("decode messages: makes a key once, and knows sizes without making a value, when records of a batch share the key", async () => {
  const values = ["v", null, ""];
  const records = [...values.map((value) => ({ key: "k", value })), { key: "\u00e9", value: "w" }, { value: "x" }];
  const decoded = await ours(new Decoder(sized(batchBytes({ firstOffset: 5n, attributes: 0, records }))));
  const read = decoded as unknown as readonly LogRecord[];
  assert.deepEqual(
    read.map(({ key, value, keyText, sizeBytes }) => [`${key}`, value && `${value}`, keyText, sizeBytes]),
    [
      ["k", "v", "k", 2],
      ["k", null, "k", 1],
      ["k", "", "k", 1],
      ["\u00e9", "w", "\u00c3\u00a9", 3],
      ["null", "x", null, 1],
    ],
  );
  assert.equal(read[0]?.key, read[2]?.key);
});

test("plain record: has every part of a record that was fetched when it is copied by spreading", async () => {
  const records = [{ key: "k", value: "v", headers: { h: "x" }, timestamp: 1_790_000_000_001 }];
  const readable = await ours(new Decoder(sized(batchBytes({ firstOffset: 5n, attributes: 0, records }))));
  const damaged = withRecords(batchBytes({ firstOffset: 6n, attributes: 0, records }), 1, Buffer.from("no gzip"));
  const unreadable = await ours(new Decoder(sized(damaged)));
  const copies = [...readable, ...unreadable].map((record) => ({ ...plainRecord(record as unknown as LogRecord) }));
  const [first, second] = copies;
  const expected = { offset: 5n, timestampMs: 1_790_000_000_001, key: Buffer.from("k"), value: Buffer.from("v") };
  assert.deepEqual(first, { ...expected, headers: { h: Buffer.from("x") } });
  assert.deepEqual([second?.offset, second?.key, second?.value], [6n, null, null]);
  assert.match(String(second?.unreadable), /^batch of the offsets 6 to 6: gzip/);
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
  compressed.writeUInt32BE(crc32c(compressed, 21, compressed.length), 17);
  assert.equal(await assertSame(sized(compressed)), 2);
});

const batchOf = (codec: string): Buffer => Buffer.from(kafkaBatches.get(codec) ?? "", "base64");
/** The batch with other records and attributes, its length and checksum right. */
const withRecords = (batch: Buffer, attributes: number, records: Buffer): Buffer => {
  const whole = Buffer.concat([batch.subarray(0, 61), records]);
  whole.writeInt32BE(whole.length - 12, 8);
  whole.writeInt16BE(attributes, 21);
  whole.writeUInt32BE(crc32c(whole, 21, whole.length), 17);
  return whole;
};
const unreadableOf = (record: DecodedMessage): unknown => "unreadable" in record && record.unreadable;

for (const codec of kafkaBatches.keys()) {
  test(`decode messages: reads a batch when Kafka compressed it with ${codec}`, async () => {
    const { records } = await decodeWith(ours, sized(batchOf(codec)));
    assert.deepEqual(
      records.map(({ offset, timestamp, key, value, headers }) => [offset, timestamp, `${key}`, `${value}`, headers]),
      ["value-0", "value-1", "w".repeat(100_000)].map((value, index) => [
        String(100 + index),
        String(1_790_000_000_000 + index),
        `key-${index}`,
        value,
        { h: Buffer.from(`${index}`) },
      ]),
    );
  });

  test(`decode messages: names the place and reads the rest when a byte of a ${codec} batch is wrong`, async () => {
    const damaged = batchOf(codec);
    damaged[100] = (damaged[100] ?? 0) ^ 0xff;
    const got = await ours(new Decoder(sized(Buffer.concat([damaged, batchOf("gzip")]))));
    assert.deepEqual(
      got.map((record) => [String(record.offset), record.value === null]),
      [100, 101, 102, 100, 101, 102].map((offset, index) => [String(offset), index < 3]),
    );
    const [first] = got;
    assert.ok(first);
    assert.equal(unreadableOf(first), `batch of the offsets 100 to 102: ${codec}: its checksum is wrong`);
  });

  test(`decode messages: names the place when ${codec} bytes are wrong under a right checksum`, async () => {
    const attributes = batchOf(codec).readInt16BE(21);
    const got = await ours(new Decoder(sized(withRecords(batchOf(codec), attributes, Buffer.from("not compressed")))));
    assert.equal(got.length, 3);
    for (const record of got) assert.match(String(unreadableOf(record)), new RegExp(`100 to 102: ${codec}: `));
  });
}

const zeros = Buffer.alloc(decompressedMaxBytes + 1);
const bombs = [
  ["gzip", 1, () => gzipSync(zeros, { level: 1 })],
  ["zstd", 4, () => zstdCompressSync(zeros)],
  ["snappy", 2, () => Buffer.from([0x81, 0x80, 0x80, 0x20, 0x00, 0x00])], // declares 64 MiB and a byte
  ["lz4", 3, () => lz4Zeros(decompressedMaxBytes)],
] as const;
/** One frame with a block of one literal and a match that is longer than `more`. */
const lz4Zeros = (more: number): Buffer => {
  const run = Buffer.alloc(Math.ceil(more / 255) + 1, 255);
  const block = Buffer.concat([Buffer.from([0x1f, 0, 1, 0]), run, Buffer.from([0])]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  return Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]), size, block, Buffer.alloc(4)]);
};
for (const [codec, attributes, bomb] of bombs) {
  test(`decode messages: refuses a ${codec} batch when it becomes more than 64 MiB`, async () => {
    const got = await ours(new Decoder(sized(withRecords(batchOf(codec), attributes, bomb()))));
    assert.deepEqual(
      got.map(({ offset }) => String(offset)),
      ["100", "101", "102"],
    );
    for (const record of got) assert.match(String(unreadableOf(record)), /larger than|too big|more than/);
  });
}

/** A batch of one record at an offset, which a few kilobytes become. */
const largeBatch = (firstOffset: bigint, becomesBytes: number): Buffer => {
  const plainBatch = batchBytes({ firstOffset, attributes: 0, records: [{ value: Buffer.alloc(becomesBytes) }] });
  return withRecords(plainBatch, 1, gzipSync(plainBatch.subarray(61), { level: 1 }));
};
/** What each of the parts of one response gives, and then those of another one. */
const offsetsOf = async (...parts: readonly Buffer[]): Promise<readonly (readonly string[])[]> => {
  const response = new Decoder(Buffer.concat(parts.flatMap((part) => [sizeOf(part), part])));
  const offsets: string[][] = [];
  for (const _ of parts) offsets.push((await ours(response)).map(({ offset }) => String(offset)));
  return offsets;
};

test("decode messages: leaves batches for the next fetch when those before them became much", async () => {
  const half = decompressedAtOnceBytes / 2;
  const [first, second, third] = [largeBatch(1n, half), largeBatch(2n, half), largeBatch(3n, half)];
  const plainBatch = batchBytes({ firstOffset: 9n, attributes: 0, records: [{ value: "v" }] });
  // The second partition's compressed ones wait as well, and the plain ones behind them: they are in order.
  const partitions = [Buffer.concat([first, second, third]), Buffer.concat([plainBatch, third, plainBatch])];
  assert.deepEqual(await offsetsOf(...partitions), [["1", "2"], ["9"]]);
  assert.deepEqual(await offsetsOf(third), [["3"]]);
});

test("decode messages: lets a small record of a large batch keep its own bytes alone", async () => {
  const records = [
    { key: "k", value: Buffer.alloc(5 * 1_024 * 1_024) },
    { key: "k", value: "v", headers: { h: "x" } },
  ];
  const plainBatch = batchBytes({ firstOffset: 5n, attributes: 0, records });
  const whole = withRecords(plainBatch, 1, gzipSync(plainBatch.subarray(61), { level: 1 }));
  assert.equal(await assertSame(sized(whole)), 2);
  const [, small] = await ours(new Decoder(sized(whole)));
  assert.ok(small?.key && small.value);
  for (const part of [small.key, small.value]) assert.ok(part.buffer.byteLength < 100_000, `${part.buffer.byteLength}`);
});

test("decode messages: goes on after one batch when it cannot be read for its size", async () => {
  const bomb = withRecords(batchOf("zstd"), 4, zstdCompressSync(zeros));
  assert.deepEqual(await offsetsOf(Buffer.concat([bomb, largeBatch(103n, 1)])), [["100", "101", "102"]]);
  assert.deepEqual(await offsetsOf(largeBatch(103n, 1)), [["103"]]);
});

test("decode messages: names the place when no codec has the batch's number", async () => {
  const got = await ours(new Decoder(sized(withRecords(batchOf("gzip"), 5, Buffer.from("?")))));
  assert.deepEqual(got.map(unreadableOf), Array(3).fill("batch of the offsets 100 to 102: codec 5: it is not known"));
});

test("decode messages: gives one record when an unreadable batch declares two billion offsets", async () => {
  const batch = batchOf("zstd");
  batch.writeInt32BE(2_000_000_000, 23);
  const got = await ours(new Decoder(sized(batch)));
  assert.deepEqual(
    got.map(({ offset }) => String(offset)),
    ["2000000100"],
  );
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

test("decodeMessages: reads a record of a hundred thousand headers as one that cannot be read, and those beside it", async () => {
  const headers = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`h${n}`, Buffer.alloc(0)]));
  const [key, value] = [Buffer.from("k"), Buffer.from("vv")];
  const records = [
    { key, value },
    { key, value, headers },
    { key, value, headers: { own: key } },
  ];
  const decoder = new Decoder(sized(batchBytes({ firstOffset: 5n, attributes: 0, records })));
  const [first, crowded, last] = (await ours(decoder)) as unknown as readonly LogRecord[];
  assert.deepEqual(
    [first?.value, first?.unreadable, last?.value, last?.headers],
    [value, undefined, value, { own: key }],
  );
  assert.deepEqual([crowded?.offset, crowded?.key, crowded?.value, crowded?.headers], [6n, null, null, {}]);
  assert.match(crowded?.unreadable ?? "", /100000 headers/);
  assert.deepEqual(crowded?.letGo, { keyBytes: 1, valueBytes: 2 });
});

for (const count of [4, 250_001, 2_000_000_000]) {
  test(`decodeMessages: looks for no ${count} records when a batch only says that it has them, compressed or not`, async () => {
    const plain = batchBytes({ firstOffset: 5n, attributes: 0, records: [{ key: null, value: Buffer.alloc(8) }] });
    const gzip = Buffer.concat([plain.subarray(0, batchHeaderBytes), gzipSync(plain.subarray(batchHeaderBytes))]);
    gzip.writeInt32BE(gzip.length - 12, 8);
    gzip.writeInt16BE(1, 21);
    for (const batch of [plain, gzip]) {
      batch.writeInt32BE(count, 57);
      batch.writeUInt32BE(crc32c(batch, 21, batch.length), 17);
      const records = (await ours(new Decoder(sized(batch)))) as unknown as readonly LogRecord[];
      assert.equal(records.length, 1);
      assert.deepEqual([records[0]?.offset, records[0]?.value], [5n, null]);
      assert.match(records[0]?.unreadable ?? "", /records/);
    }
  });
}
