/** Our produce request against kafkajs's own, byte for byte, on arbitrary records. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import type { ProduceRequest } from "../internals.ts";
import { requireKafkajs } from "../kafkajs.ts";
import { decodeMessagesPatch } from "./decode-messages.ts";
import { produceRequestPatch } from "./produce-request.ts";

const file = "src/protocol/requests/produce/v3/request.js";
const theirs = requireKafkajs([])(file);
const ours = requireKafkajs([produceRequestPatch])(file);
const encodeWith = async (encoder: typeof ours, request: ProduceRequest): Promise<Buffer> =>
  (await encoder(request).encode()).buffer;

/** Both stamp records with the time: it must not change between the two. */
const stopClock = (t: TestContext): void => t.mock.timers.enable({ apis: ["Date"], now: 1_790_000_000_123 });

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const nullable = fc.option(fc.oneof(bytes, fc.string()), { nil: null });
const headerName = fc.string({ maxLength: 12 }).filter((name) => name !== "__proto__");
const headers = fc.option(fc.dictionary(headerName, fc.oneof(bytes, fc.array(bytes, { maxLength: 3 }))), {
  nil: undefined,
});
/** Of one length, so that sorting them as text, as kafkajs does, is sorting them by value. */
const timestamp = fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 }).map(String);
const record = fc.record(
  { key: nullable, value: nullable, headers, timestamp: fc.option(timestamp, { nil: undefined }) },
  { requiredKeys: ["value"] },
);
const partition = fc.record({
  partition: fc.nat(1_000),
  firstSequence: fc.nat(2 ** 31 - 1),
  messages: fc.array(record, { minLength: 1, maxLength: 30 }),
});
const request: fc.Arbitrary<ProduceRequest> = fc.record({
  acks: fc.constantFrom(-1, 0, 1),
  timeout: fc.nat(100_000),
  transactionalId: fc.option(fc.string(), { nil: null }),
  producerId: fc.oneof(fc.constant(-1), fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String)),
  producerEpoch: fc.nat(32_767),
  topicData: fc.array(
    fc.record({ topic: fc.string(), partitions: fc.array(partition, { minLength: 1, maxLength: 3 }) }),
    {
      minLength: 1,
      maxLength: 2,
    },
  ),
});
/** A plain request of one partition. */
const requestOf = (messages: ProduceRequest["topicData"][0]["partitions"][0]["messages"]): ProduceRequest => ({
  acks: -1,
  timeout: 1_000,
  topicData: [{ topic: "t", partitions: [{ partition: 0, messages }] }],
});
/** Where the batch begins: after acks, timeout, counts, the topic's name, partition and size. */
const batchAt = 2 + 2 + 4 + 4 + 3 + 4 + 4 + 4;

test("produce request: is kafkajs's byte for byte", async (t) => {
  stopClock(t);
  await fc.assert(
    fc.asyncProperty(request, async (any) => {
      assert.ok((await encodeWith(ours, any)).equals(await encodeWith(theirs, any)));
    }),
  );
});

test("produce request: is kafkajs's byte for byte when a batch has more than 64 records", async (t) => {
  stopClock(t);
  const messages = Array.from({ length: 20_000 }, (_, at) => ({
    key: Buffer.from(`k${at % 7}`),
    value: Buffer.alloc(at % 150),
  }));
  assert.ok((await encodeWith(ours, requestOf(messages))).equals(await encodeWith(theirs, requestOf(messages))));
});

test("produce request: carries null header values, of which kafkajs throws", async () => {
  const messages = [{ value: null, headers: { a: null, b: [Buffer.from("1"), null] } }];
  await assert.rejects(encodeWith(theirs, requestOf(messages)), TypeError);
  const encoded = await encodeWith(ours, requestOf(messages));
  const Decoder = requireKafkajs([])("src/protocol/decoder.js");
  const decodeMessages = requireKafkajs([decodeMessagesPatch])("src/protocol/requests/fetch/v4/decodeMessages.js");
  const [decoded] = await decodeMessages(new Decoder(encoded.subarray(batchAt - 4)));
  assert.deepEqual(decoded && "headers" in decoded && decoded.headers, { a: null, b: [Buffer.from("1"), null] });
});

test("produce request: names the earliest and the latest timestamp when they have different numbers of digits", async () => {
  const messages = [
    { value: null, timestamp: 1_000_000_000_000 },
    { value: null, timestamp: 999_999_999_999 },
  ];
  const encoded = await encodeWith(ours, requestOf(messages));
  assert.equal(encoded.readBigInt64BE(batchAt + 27), 999_999_999_999n);
  assert.equal(encoded.readBigInt64BE(batchAt + 35), 1_000_000_000_000n);
});

test("produce request: is left to kafkajs when it is compressed", async (t) => {
  stopClock(t);
  const compressed = { ...requestOf([{ value: "a".repeat(1_000) }]), compression: 1 };
  assert.ok((await encodeWith(ours, compressed)).equals(await encodeWith(theirs, compressed)));
});
