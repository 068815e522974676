/** The codec: round trips, what does not fit, and bytes of every wrong kind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { int, long, optional, record, string, timestampMs } from "./avro.ts";
import { createCodec, EncodeFailed, encoderFor, SchemaNotRegistered } from "./codec.ts";
import { schemaIdIn } from "./frame.ts";
import { RegistryUnavailable } from "../registry/http.ts";
import {
  decoderOf,
  framed,
  memoryRegistry,
  reasons,
  refusals,
  requests,
  Text,
  texts,
  topicOf,
  decodedValue,
  whyOf,
} from "./testing/codec-parts.ts";

const anyRequest = fc.record(
  {
    requestId: fc.uuid(),
    userId: fc.string({ unit: "binary" }),
    policyId: fc.option(fc.string()),
    requestedAt: fc.integer({ min: -(2 ** 52), max: 2 ** 53 - 2 }),
  },
  { noNullPrototype: true },
);

// ---- Values ----

test("codec: gives back what was written, whatever the value", async () => {
  const encode = encoderFor(requests, 1);
  const { decode } = await decoderOf(requests, requests.schema.avro);
  fc.assert(fc.property(anyRequest, (value) => assert.deepEqual(decodedValue(decode(encode(value))), value)));
});

test("codec: gives back every name of an enum", async () => {
  const encode = encoderFor(refusals, 1);
  const { decode } = await decoderOf(refusals, refusals.schema.avro);
  for (const reason of reasons) {
    const value = { requestId: "r", reason };
    assert.deepEqual(decodedValue(decode(encode(value))), value);
  }
});

test("encoder: frames an Avro body with a zero byte and the schema's id", () => {
  assert.deepEqual(encoderFor(texts, 0x01020304)({ text: "hi" }), Buffer.from("0001020304046869", "hex"));
});

test("encoder: returns bytes of its own, whatever is written after them and however large", async () => {
  const { decode } = await decoderOf(texts, Text.avro);
  const encode = encoderFor(texts, 1);
  const sizes = [1, 1_018, 1_019, 1_020, 5_000, 3, 200_000, 0];
  const written = sizes.map((size) => encode({ text: "x".repeat(size) }));
  assert.deepEqual(
    written.map((bytes) => decodedValue(decode(bytes))),
    sizes.map((size) => ({ text: "x".repeat(size) })),
  );
});

test("encoder: names the topic when a value does not fit its schema", () => {
  const encode = encoderFor(texts, 1);
  for (const wrong of [{}, { text: 7 }, { text: null }, null]) {
    // As a mistake behind a cast would.
    assert.throws(
      () => encode(wrong as { text: string }),
      (error) => error instanceof EncodeFailed && /topic test$/.test(error.message),
    );
  }
  const numbers = topicOf(record("test.v1.Numbers", { small: int(), large: long() }));
  const encodeNumbers = encoderFor(numbers, 1);
  assert.throws(() => encodeNumbers({ small: 2 ** 31, large: 0 }), EncodeFailed);
  assert.throws(() => encodeNumbers({ small: 0, large: 2 ** 53 }), EncodeFailed);
  assert.throws(() => encodeNumbers({ small: 0, large: 0.5 }), EncodeFailed);
});

test("encoder: refuses a long that would be written as another number", async () => {
  const numbers = topicOf(record("test.v1.Longs", { plain: long(), maybe: optional(timestampMs()), text: string() }));
  const encode = encoderFor(numbers, 1);
  const { decode } = await decoderOf(numbers, numbers.schema.avro);
  const smallest = { plain: -(2 ** 52), maybe: -(2 ** 52), text: "" };
  assert.deepEqual(decodedValue(decode(encode(smallest))), smallest);
  assert.throws(() => encode({ ...smallest, plain: -(2 ** 52) - 1 }), EncodeFailed);
  assert.throws(() => encode({ ...smallest, maybe: -(2 ** 52) - 1 }), EncodeFailed);
});

test("encoder: is usable after a value did not fit", async () => {
  const { decode } = await decoderOf(texts, Text.avro);
  const encode = encoderFor(texts, 1);
  assert.throws(() => encode({ text: 7 } as unknown as { text: string }), EncodeFailed);
  assert.deepEqual(decodedValue(decode(encode({ text: "a" }))), { text: "a" });
});

test("codec: gives an encoder the id its schema has, and asks once", async () => {
  const { source, state } = memoryRegistry({ 42: Text.avro });
  const encode = await createCodec({ source, now: () => 0 }).encoder(texts);
  assert.equal(encode({ text: "a" }).readInt32BE(1), 42);
  assert.equal(encode({ text: "b" }).readInt32BE(1), 42);
  assert.equal(state.asked, 1);
});

test("codec: gives no encoder when the schema is not registered, or the registry is away", async () => {
  const { source, state } = memoryRegistry();
  const codec = createCodec({ source, now: () => 0 });
  await assert.rejects(codec.encoder(texts), new SchemaNotRegistered("test-value"));
  state.away = true;
  await assert.rejects(codec.encoder(texts), RegistryUnavailable);
});

// ---- Bytes of every wrong kind ----

test("decoder: answers for any bytes of any length, and never throws", async () => {
  const { decode } = await decoderOf(requests, requests.schema.avro);
  const kinds = new Set(["value", "unknownSchema", "malformed"]);
  const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
  const body = bytes.map((tail) => framed(1, tail));
  fc.assert(
    fc.property(fc.oneof(bytes, body), (any) => assert(kinds.has(decode(any).kind))),
    { numRuns: 2_000 },
  );
});

test("decoder: says malformed at once when bytes name a schema id below 1, which no registry gives", async () => {
  const { decode } = await decoderOf(requests, requests.schema.avro);
  for (const id of [0, -1, -2_147_483_648]) {
    const bytes = framed(id, Buffer.alloc(40));
    assert.deepEqual(decode(bytes), { kind: "malformed", why: `it names schema ${id}, which no registry gives` });
    assert.equal(schemaIdIn(bytes), undefined);
  }
});

test("decoder: takes no cut of a value for a value", async () => {
  const encode = encoderFor(requests, 1);
  const { decode } = await decoderOf(requests, requests.schema.avro);
  fc.assert(
    fc.property(anyRequest, fc.nat(), (value, at) => {
      const bytes = encode(value);
      assert.equal(decode(bytes.subarray(0, at % bytes.length)).kind, "malformed");
    }),
  );
});

test("decoder: says what is wrong with bytes that are no value", async () => {
  const { decode } = await decoderOf(texts, Text.avro);
  assert.equal(whyOf(decode(null)), "the value is null");
  assert.equal(whyOf(decode(Buffer.alloc(0))), "0 bytes are too few for a frame of 5");
  assert.equal(whyOf(decode(Buffer.alloc(4))), "4 bytes are too few for a frame of 5");
  assert.equal(whyOf(decode(Buffer.from('{"text":1}'))), "it begins with byte 123, expected 0");
  assert.match(whyOf(decode(framed(1, Buffer.alloc(0)))), /truncated/);
  assert.match(whyOf(decode(framed(1, Buffer.from([200])))), /truncated|invalid/);
});

test("decoder: refuses bytes after the value", async () => {
  const encode = encoderFor(texts, 1);
  const { decode } = await decoderOf(texts, Text.avro);
  assert.match(whyOf(decode(Buffer.concat([encode({ text: "a" }), Buffer.from([0])]))), /trailing/);
});

test("decoder: refuses a number that a double cannot hold", async () => {
  const numbers = topicOf(record("test.v1.Numbers", { large: long() }));
  const { decode } = await decoderOf(numbers, numbers.schema.avro);
  assert.equal(decode(framed(1, Buffer.from("ffffffffffffffffff01", "hex"))).kind, "malformed");
});

test("decoder: says what is wrong in its own words when passed-over bytes name a branch that is not there", async () => {
  const named = topicOf(record("test.v1.Maybe", { id: string() }));
  const { decode } = await decoderOf(named, record("test.v1.Maybe", { text: optional(string()), id: string() }).avro);
  // Branch 5 of two.
  assert.match(whyOf(decode(framed(1, Buffer.from([10, 0])))), /^its bytes name a branch or a symbol/);
});
