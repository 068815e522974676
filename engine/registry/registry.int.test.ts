/** The registry's client against a real registry, and against ones that refuse, hang, trickle and cut off. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { SchemaType } from "@kafkajs/confluent-schema-registry";
import avsc from "avsc";
import { type AvroJson, int, optional, record, string } from "../avro/avro.ts";
import { createCodec, SchemaNotRegistered } from "../avro/codec.ts";
import {
  answer,
  answerSchema,
  type Behaviour,
  cutOff,
  faultyRegistry,
  hang,
  refusingUrl,
  trickle,
} from "./testing/faulty-registry.ts";
import { ForeignSchema } from "./foreign-schema.ts";
import { registerSchemas } from "./register.ts";
import { confluentRegistry, registryClient } from "./registry.ts";
import { RegistryUnavailable } from "./http.ts";
import { testSubjects } from "./testing/test-subjects.ts";
import { topic } from "../avro/topic.ts";

const { url, subjects } = testSubjects();
after(subjects.remove);

const Text = record("test.v1.Text", { text: string() });
/** A topic of a name of its own, with a record of its own: a registry gives equal schemas one id. */
const newTopic = () => {
  const unique = randomUUID().replaceAll("-", "");
  const schema = record(`test.v1.Text${unique}`, { text: string(), size: optional(int()) });
  return topic(subjects.newTopicName(), schema, { key: () => "k", id: () => "i" });
};
const source = confluentRegistry({ url });
const inFull = (schema: AvroJson | undefined): unknown =>
  avsc.Type.forSchema(schema as avsc.Schema).schema({ exportAttrs: true });

test("registry: says that it has none when an id or a subject is unknown", async () => {
  assert.equal(await source.schemaOf(2_000_000_000, ["s"]), undefined);
  assert.equal(await source.schemaOf(-1, ["s"]), undefined);
  assert.equal(await source.idOf(`${subjects.newTopicName()}-value`, Text.avro), undefined);
});

test("registry: gives the id of a schema under its subject, and the schema of that id", async () => {
  const registered = newTopic();
  const [entry] = await registerSchemas({ url }, [registered]);
  assert(entry !== undefined);
  assert.equal(await source.idOf(entry.subject, registered.schema.avro), entry.id);
  // The registry and its client write the same schema in other words: full names instead of namespaces.
  const found = await source.schemaOf(entry.id, [entry.subject]);
  assert.ok(!(found instanceof ForeignSchema));
  assert.deepEqual(inFull(found), inFull(registered.schema.avro));
  assert.equal(await source.idOf(entry.subject, Text.avro), undefined);
});

test("registry: carries values between our codec and the client's own, both ways", async () => {
  const between = newTopic();
  const codec = createCodec({ source, now: () => 0 });
  await assert.rejects(codec.encoder(between), SchemaNotRegistered);
  const [entry] = await registerSchemas({ url }, [between]);
  assert(entry !== undefined);
  const client = registryClient({ url });
  const value = { text: "안녕", size: 3 };

  const encode = await codec.encoder(between);
  assert.deepEqual({ ...(await client.decode(encode(value))) }, value);
  const decoder = codec.decoder(between);
  const theirs = await client.encode(entry.id, value);
  assert.deepEqual(decoder.decode(theirs), { kind: "unknownSchema", id: entry.id });
  assert.equal(await decoder.learn(entry.id), "known");
  const decoded = decoder.decode(theirs);
  assert.deepEqual(decoded.kind === "value" && { ...decoded.value }, value);
});

test("registry: names the subjects where the id is of other ones, and has the schema where that subject is allowed, or its version was deleted", async () => {
  const [own, other] = [newTopic(), newTopic()];
  const [, foreign] = await registerSchemas({ url }, [own, other]);
  assert(foreign !== undefined);
  const [ownSubject, otherSubject] = [`${own.name}-value`, foreign.subject];
  assert.deepEqual(await source.schemaOf(foreign.id, [ownSubject]), new ForeignSchema([otherSubject]));
  assert.ok(await source.schemaOf(foreign.id, [ownSubject, otherSubject]));
  const deleted = await fetch(`${url}/subjects/${otherSubject}/versions/1`, { method: "DELETE" });
  assert.equal(deleted.status, 200);
  assert.ok(await confluentRegistry({ url }).schemaOf(foreign.id, [otherSubject]), "its records are still there");
});

test("registry: has no Avro schema where one of another kind has the id", async () => {
  const subject = `${subjects.newTopicName()}-value`;
  const schema = JSON.stringify({ $schema: "http://json-schema.org/draft-07/schema#", title: subject, type: "object" });
  const { id } = await registryClient({ url }).register({ type: SchemaType.JSON, schema }, { subject });
  assert.equal(await source.schemaOf(id, [subject]), undefined);
});

test("registry: takes the not-found of a wrong path for no answer", async () => {
  for (const wrong of [`${url}/nowhere`, new URL(url).origin]) {
    const lost = confluentRegistry({ url: wrong });
    await assert.rejects(lost.schemaOf(1, ["s"]), RegistryUnavailable);
    await assert.rejects(lost.idOf("a", "string"), RegistryUnavailable);
  }
});

test("registry: is reached with a slash at the end of its URL too", async () => {
  assert.equal(await confluentRegistry({ url: `${url}//` }).schemaOf(2_000_000_000, ["s"]), undefined);
});

test("registry: is unavailable when it refuses the connection", async () => {
  const refused = confluentRegistry({ url: await refusingUrl() });
  await assert.rejects(refused.schemaOf(1, ["s"]), RegistryUnavailable);
  await assert.rejects(refused.idOf("a", "string"), RegistryUnavailable);
});

const faults: Readonly<Record<string, Behaviour>> = {
  "never answers": hang,
  "trickles for ever": trickle,
  "cuts its answer off": cutOff,
  "answers 500": answer(500, '{"error_code":50001,"message":"Error in the backend data store"}'),
  "answers 503 without a body": answer(503, ""),
  "answers 401": answer(401, '{"error_code":401,"message":"Unauthorized"}'),
  "answers 404 without a body": answer(404, ""),
  "answers 404 with a page": answer(404, "<html>not here</html>", "text/html"),
  "answers 200 with a page": answer(200, "<html>log in</html>", "text/html"),
  "answers 200 with something else": answer(200, '{"status":"ok"}'),
};
for (const [fault, behaviour] of Object.entries(faults)) {
  test(`registry: is unavailable when it ${fault}, and is asked afresh the next time`, async () => {
    await using faulty = await faultyRegistry(behaviour);
    const shaky = confluentRegistry({ url: faulty.url, timeoutMs: 500 });
    await assert.rejects(shaky.schemaOf(1, ["s"]), RegistryUnavailable);
    await assert.rejects(shaky.idOf("a", "string"), RegistryUnavailable);
    faulty.behave = answerSchema(JSON.stringify({ schema: '"string"', id: 9 }));
    assert.equal(await shaky.schemaOf(1, ["s"]), "string");
    assert.equal(await shaky.idOf("a", "string"), 9);
  });
}

test("registry: lets go of the connection when its time is up", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using faulty = await faultyRegistry((request, response) => {
    response.on("close", resolve);
    return trickle(request, response);
  });
  await assert.rejects(confluentRegistry({ url: faulty.url, timeoutMs: 50 }).schemaOf(1, ["s"]), RegistryUnavailable);
  await promise;
});

test("registry: has none where the schema with the id cannot be read", async () => {
  await using faulty = await faultyRegistry(answerSchema(JSON.stringify({ schema: '{"type":"recrod"}' })));
  assert.equal(await confluentRegistry({ url: faulty.url }).schemaOf(1, ["s"]), undefined);
});

test("registry: a decoder holds while it is away, gives an unknown id its grace, and reads once it knows", async () => {
  const known = newTopic();
  const [entry] = await registerSchemas({ url }, [known]);
  assert(entry !== undefined);
  await using faulty = await faultyRegistry(hang, url);
  let at = 0;
  const shaky = confluentRegistry({ url: faulty.url, timeoutMs: 2_000 });
  const decoder = createCodec({ source: shaky, now: () => at, unknownIdGraceMs: 1_000 }).decoder(known);
  faulty.behave = answer(503, "");
  assert.equal(await decoder.learn(entry.id), "unavailable");
  faulty.behave = () => false;
  assert.equal(await decoder.learn(2_000_000_000), "awaited");
  at = 1_000;
  assert.equal(await decoder.learn(2_000_000_000), "unknown");
  assert.equal(await decoder.learn(entry.id), "known");
});
