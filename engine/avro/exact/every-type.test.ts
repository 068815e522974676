/** Properties of every type there is, one in another, against avsc without any of our types. */
import assert from "node:assert/strict";
import { test } from "node:test";
import avsc from "avsc";
import fc from "fast-check";
import type { AvroJson } from "../avro.ts";
import { createCodec, encoderFor } from "../codec.ts";
import { type AnyType, anyRecord, anyType } from "../testing/any-type.ts";
import { topic } from "../topic.ts";
import { avscType } from "../exact-types.ts";

const plainAvsc = (avro: AvroJson): avsc.Type => avsc.Type.forSchema(avro as avsc.Schema, { wrapUnions: true });

/** A type with one of its values. */
const valued = (types: fc.Arbitrary<AnyType>) => types.chain((type) => type.values.map((value) => ({ type, value })));

test("every type: is written as avsc writes it, and read as it was", () => {
  fc.assert(
    fc.property(valued(anyType), ({ type: { schema, plain }, value }) => {
      const type = avscType(schema.avro);
      const bytes = type.toBuffer(value);
      assert.deepEqual(bytes, plainAvsc(schema.avro).toBuffer(plain(value)));
      assert.deepEqual(type.fromBuffer(bytes), value);
      assert.deepEqual(type.fromBuffer(bytes, type.createResolver(avscType(schema.avro))), value);
    }),
    { numRuns: 500 },
  );
});

test("every type: is passed over where only the writer has the field", () => {
  fc.assert(
    fc.property(valued(anyType), ({ type: { schema }, value }) => {
      const fields = [
        { name: "gone", type: schema.avro },
        { name: "kept", type: "string" },
      ];
      const writer = avscType({ type: "record", name: "test.v1.Shrunk", fields });
      const reader = avscType({ type: "record", name: "test.v1.Shrunk", fields: fields.slice(1) });
      const bytes = writer.toBuffer({ gone: value, kept: "x" });
      assert.deepEqual(reader.fromBuffer(bytes, reader.createResolver(writer)), { kept: "x" });
      for (let end = 0; end < bytes.length; end++)
        assert.throws(() => reader.fromBuffer(bytes.subarray(0, end), reader.createResolver(writer)));
    }),
  );
});

/** An encoder and a decoder of a record of any types. */
const codecOf = async ({ schema }: AnyType) => {
  const named = { name: "test.v1.Any", avro: schema.avro };
  const of = topic<unknown>("test", named, { key: () => "k", id: () => "i" });
  const decoder = createCodec({
    source: { schemaOf: async () => schema.avro, idOf: async () => 1 },
    now: () => 0,
  }).decoder(of);
  await decoder.learn(1);
  return { encode: encoderFor(of, 1), decode: decoder.decode };
};

test("every type: is malformed when it is cut anywhere, or when anything is after it", async () => {
  await fc.assert(
    fc.asyncProperty(valued(anyRecord), async ({ type, value }) => {
      const { encode, decode } = await codecOf(type);
      const bytes = encode(value);
      for (let end = 0; end < bytes.length; end++) assert.equal(decode(bytes.subarray(0, end)).kind, "malformed");
      assert.equal(decode(Buffer.concat([bytes, Buffer.alloc(1)])).kind, "malformed");
    }),
  );
});

test("every type: is malformed or another value when bytes are changed, and that is written and read as it is", async () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(valued(anyRecord), changes, async ({ type, value }, changed) => {
      const { encode, decode } = await codecOf(type);
      const bytes = encode(value);
      for (const [at, byte] of changed) if (bytes.length > 5) bytes[5 + (at % (bytes.length - 5))] = byte;
      const read = decode(bytes);
      if (read.kind === "malformed") return;
      assert.deepEqual(decode(encode(read.kind === "value" && read.value)), read);
    }),
    { numRuns: 500 },
  );
});
