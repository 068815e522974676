/** The codec: round trips, bytes of every wrong kind, schemas that are not known yet, schemas of other versions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import avsc from "avsc";
import fc from "fast-check";
import { type AvroJson, int, long, optional, type RecordSchema, record, string, symbols, timestampMs } from "./avro.ts";
import { createCodec, type Decoded, type Decoder, EncodeFailed, encoderFor, SchemaNotRegistered } from "./codec.ts";
import type { CouponIssueRequested } from "../../schemas/coupon.ts";
import { couponIssueRequests, couponsRefused, refusalReasons } from "../../schemas/coupon.ts";
import type { SchemaSource } from "./registry.ts";
import { RegistryUnavailable } from "./registry-http.ts";
import { type Topic, topic } from "./topic.ts";

// ---- A registry in memory, and a clock that a test moves. ----

/** A registry with these schemas, by id; `away` makes it answer nothing. Counts what it is asked. */
const registry = (schemas: Readonly<Record<number, AvroJson>> = {}) => {
  const state = { schemas: { ...schemas }, away: false, asked: 0 };
  const unlessAway = <T>(answer: T): T => {
    state.asked++;
    if (state.away) throw new RegistryUnavailable("test", {});
    return answer;
  };
  const source: SchemaSource = {
    schemaOf: async (id) => unlessAway(state.schemas[id]),
    idOf: async (_subject, schema) => {
      const found = Object.entries(state.schemas).find(([, known]) => JSON.stringify(known) === JSON.stringify(schema));
      return unlessAway(found && Number(found[0]));
    },
  };
  return { state, source };
};
const clock = () => {
  let at = 0;
  return { now: () => at, pass: (ms: number) => (at += ms) };
};
/** A decoder that has learnt the schemas of these writers, as ids 1, 2, ... */
const decoderOf = async <T>(of: Topic<T>, ...writers: readonly AvroJson[]): Promise<Decoder<T>> => {
  const { source } = registry(Object.fromEntries(writers.map((writer, at) => [at + 1, writer])));
  const decoder = createCodec({ source, now: () => 0 }).decoder(of);
  for (const at of writers.keys()) assert.equal(await decoder.learn(at + 1), "known");
  return decoder;
};
const plain = <T>(decoded: Decoded<T>): unknown => {
  assert.equal(decoded.kind, "value", JSON.stringify(decoded));
  return decoded.kind === "value" ? { ...decoded.value } : undefined;
};
const whyOf = (decoded: Decoded<unknown>): string => {
  assert.equal(decoded.kind, "malformed");
  return decoded.kind === "malformed" ? decoded.why : "";
};
const of = <T>(schema: RecordSchema<T>): Topic<T> => topic("test", schema, { key: () => "k", id: () => "i" });

const Text = record("test.v1.Text", { text: string() });
const texts = of(Text);
const framed = (id: number, body: Buffer): Buffer => {
  const frame = Buffer.alloc(5);
  frame.writeInt32BE(id, 1);
  return Buffer.concat([frame, body]);
};
const requestFields = {
  reservationId: fc.uuid(),
  couponId: fc.string(),
  userId: fc.string({ unit: "binary" }),
  policyId: fc.option(fc.string()),
  requestedAt: fc.integer({ min: -(2 ** 52), max: 2 ** 53 - 2 }),
};
// Ids are made here, at the edge of the test.
const requests = fc.record(requestFields) as unknown as fc.Arbitrary<CouponIssueRequested>;

// ---- Values ----

test("codec: gives back what was written, whatever the value", async () => {
  const encode = encoderFor(couponIssueRequests, 1);
  const { decode } = await decoderOf(couponIssueRequests, couponIssueRequests.schema.avro);
  fc.assert(fc.property(requests, (value) => assert.deepEqual(plain(decode(encode(value))), { ...value })));
});

test("codec: gives back every name of an enum", async () => {
  const encode = encoderFor(couponsRefused, 1);
  const { decode } = await decoderOf(couponsRefused, couponsRefused.schema.avro);
  for (const reason of refusalReasons) {
    const value = { reservationId: "r", couponId: "c", userId: "u", reason, refusedAt: 1 };
    // Ids are made here, at the edge of the test.
    assert.deepEqual(plain(decode(encode(value as Parameters<typeof encode>[0]))), value);
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
    written.map((bytes) => plain(decode(bytes))),
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
  const numbers = of(record("test.v1.Numbers", { small: int(), large: long() }));
  const encodeNumbers = encoderFor(numbers, 1);
  assert.throws(() => encodeNumbers({ small: 2 ** 31, large: 0 }), EncodeFailed);
  assert.throws(() => encodeNumbers({ small: 0, large: 2 ** 53 }), EncodeFailed);
  assert.throws(() => encodeNumbers({ small: 0, large: 0.5 }), EncodeFailed);
});

test("encoder: refuses a long that would be written as another number", async () => {
  const numbers = of(record("test.v1.Longs", { plain: long(), maybe: optional(timestampMs()), text: string() }));
  const encode = encoderFor(numbers, 1);
  const { decode } = await decoderOf(numbers, numbers.schema.avro);
  const smallest = { plain: -(2 ** 52), maybe: -(2 ** 52), text: "" };
  assert.deepEqual(plain(decode(encode(smallest))), smallest);
  assert.throws(() => encode({ ...smallest, plain: -(2 ** 52) - 1 }), EncodeFailed);
  assert.throws(() => encode({ ...smallest, maybe: -(2 ** 52) - 1 }), EncodeFailed);
});

test("encoder: is usable after a value did not fit", async () => {
  const { decode } = await decoderOf(texts, Text.avro);
  const encode = encoderFor(texts, 1);
  assert.throws(() => encode({ text: 7 } as unknown as { text: string }), EncodeFailed);
  assert.deepEqual(plain(decode(encode({ text: "a" }))), { text: "a" });
});

test("codec: gives an encoder the id its schema has, and asks once", async () => {
  const { source, state } = registry({ 42: Text.avro });
  const encode = await createCodec({ source, now: () => 0 }).encoder(texts);
  assert.equal(encode({ text: "a" }).readInt32BE(1), 42);
  assert.equal(encode({ text: "b" }).readInt32BE(1), 42);
  assert.equal(state.asked, 1);
});

test("codec: gives no encoder when the schema is not registered, or the registry is away", async () => {
  const { source, state } = registry();
  const codec = createCodec({ source, now: () => 0 });
  await assert.rejects(codec.encoder(texts), new SchemaNotRegistered("test-value"));
  state.away = true;
  await assert.rejects(codec.encoder(texts), RegistryUnavailable);
});

// ---- Bytes of every wrong kind ----

test("decoder: answers for any bytes of any length, and never throws", async () => {
  const { decode } = await decoderOf(couponIssueRequests, couponIssueRequests.schema.avro);
  const kinds = new Set(["value", "unknownSchema", "malformed"]);
  const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
  const body = bytes.map((tail) => framed(1, tail));
  fc.assert(
    fc.property(fc.oneof(bytes, body), (any) => assert(kinds.has(decode(any).kind))),
    { numRuns: 2_000 },
  );
});

test("decoder: takes no cut of a value for a value", async () => {
  const encode = encoderFor(couponIssueRequests, 1);
  const { decode } = await decoderOf(couponIssueRequests, couponIssueRequests.schema.avro);
  fc.assert(
    fc.property(requests, fc.nat(), (value, at) => {
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
  const numbers = of(record("test.v1.Numbers", { large: long() }));
  const { decode } = await decoderOf(numbers, numbers.schema.avro);
  assert.equal(decode(framed(1, Buffer.from("ffffffffffffffffff01", "hex"))).kind, "malformed");
});

// ---- Schemas that are not known yet ----

/** A decoder of texts on a registry without any schema, with a clock. */
const unlearnt = () => {
  const time = clock();
  const { source, state } = registry();
  const decoder = createCodec({ source, now: time.now }).decoder(texts);
  return { ...time, state, decoder, bytes: encoderFor(texts, 7)({ text: "a" }) };
};

test("decoder: asks for a writer's schema to be learnt, then reads", async () => {
  const { decoder, state, bytes } = unlearnt();
  assert.deepEqual(decoder.decode(bytes), { kind: "unknownSchema", id: 7 });
  state.schemas[7] = Text.avro;
  assert.equal(await decoder.learn(7), "known");
  assert.deepEqual(plain(decoder.decode(bytes)), { text: "a" });
});

test("decoder: reads the id of a frame as it was written, also a negative one", async () => {
  const { decode } = await decoderOf(texts, Text.avro);
  assert.deepEqual(decode(framed(-2, Buffer.alloc(1))), { kind: "unknownSchema", id: -2 });
});

// ---- Writers of other versions ----

const writtenBy = (writer: AvroJson, value: unknown): Buffer =>
  framed(1, avsc.Type.forSchema(writer as avsc.Schema).toBuffer(value));

test("decoder: reads what an older writer wrote, new fields by their default", async () => {
  const grown = of(record("test.v1.Text", { text: string(), note: optional(string()) }));
  const { decode } = await decoderOf(grown, Text.avro);
  assert.deepEqual(plain(decode(writtenBy(Text.avro, { text: "a" }))), { text: "a", note: null });
});

test("decoder: reads what a newer writer wrote, without the fields it does not know", async () => {
  const newer = record("test.v1.Text", { before: int(), text: string(), note: optional(string()) }).avro;
  const { decode } = await decoderOf(texts, newer);
  assert.deepEqual(plain(decode(writtenBy(newer, { before: 1, text: "a", note: "b" }))), { text: "a" });
});

test("decoder: reads fields in another order, and an int as a long", async () => {
  const reader = of(record("test.v1.Pair", { a: string(), b: long() }));
  const writer = record("test.v1.Pair", { b: int(), a: string() }).avro;
  const { decode } = await decoderOf(reader, writer);
  assert.deepEqual(plain(decode(writtenBy(writer, { a: "x", b: 7 }))), { a: "x", b: 7 });
});

test("decoder: tells writers apart by their id", async () => {
  const newer = record("test.v1.Text", { text: string(), note: optional(string()) }).avro;
  const { decode } = await decoderOf(texts, Text.avro, newer);
  const second = writtenBy(newer, { text: "b", note: null });
  second.writeInt32BE(2, 1);
  assert.deepEqual(plain(decode(writtenBy(Text.avro, { text: "a" }))), { text: "a" });
  assert.deepEqual(plain(decode(second)), { text: "b" });
});

test("decoder: refuses what a writer of an incompatible schema wrote, and says which field", async () => {
  const writers = [
    record("test.v1.Text", { other: string() }).avro,
    record("test.v1.Text", { text: int() }).avro,
    record("test.v1.Other", { text: string() }).avro,
    "string",
  ];
  const { decode } = await decoderOf(texts, ...writers);
  for (const at of writers.keys()) {
    assert.match(whyOf(decode(framed(at + 1, Buffer.alloc(1)))), /^its writer's schema cannot be read: /);
  }
});

test("decoder: refuses what a writer with a schema that is no Avro wrote", async () => {
  const { decode } = await decoderOf(texts, { type: "recrod" });
  assert.match(whyOf(decode(framed(1, Buffer.alloc(1)))), /^its writer's schema cannot be read: /);
});

test("decoder: refuses a name that its enum does not have", async () => {
  const reader = of(record("test.v1.Colored", { color: symbols("Color", ["RED"]) }));
  const writer = record("test.v1.Colored", { color: symbols("Color", ["RED", "BLUE"]) }).avro;
  const { decode } = await decoderOf(reader, writer);
  assert.equal(decode(writtenBy(writer, { color: "BLUE" })).kind, "malformed");
});
