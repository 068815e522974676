/** Every topology is an AsyncAPI document that AsyncAPI's own schema takes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv } from "ajv";
import schema from "@asyncapi/specs/schemas/3.0.0-without-$id.json" with { type: "json" };
import { drawTopology } from "../../engine/app/draw-topology.ts";
import { app } from "../../sluice.config.ts";

const { $schema: _draft, ...specification } = schema;
const validate = new Ajv({ strict: false, validateFormats: false }).compile(specification);

interface Document {
  readonly operations: Readonly<
    Record<string, { readonly action: string; readonly channel: { readonly $ref: string } }>
  >;
  readonly channels: Readonly<Record<string, { readonly bindings?: object }>>;
}

const documents = new Map<string, Document>();
for (const { topology } of app.topologies) {
  const text = await drawTopology(topology.graph, [], "asyncapi");
  // A document of ours: the schema is what judges it.
  documents.set(topology.graph.name, JSON.parse(text) as Document);
}

test("asyncapi: is a valid document for each topology", () => {
  for (const [name, document] of documents)
    assert.ok(validate(document), `${name}: ${JSON.stringify(validate.errors?.slice(0, 3), null, 1)}`);
  assert.equal(validate({ asyncapi: "3.0.0" }), false);
});

test("asyncapi: names what a topology reads and writes, with its undos, dead letters and replays", () => {
  const operations = Object.keys(documents.get("coupon-issuing")?.operations ?? {});
  assert.deepEqual(operations.toSorted(), [
    "receive-coupon-issue",
    "receive-coupon-issuing.retry",
    "send-coupon-compensated",
    "send-coupon-issued",
    "send-coupon-issuing.dlq",
    "send-coupon-refused",
  ]);
});

test("asyncapi: refers to nothing that is not there", () => {
  for (const [name, { channels, operations }] of documents)
    for (const { channel } of Object.values(operations))
      assert.ok(Object.hasOwn(channels, channel.$ref.replace("#/channels/", "")), `${name}: ${channel.$ref}`);
});
