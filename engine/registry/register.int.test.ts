/** Registering with a real registry: once, again, evolved, incompatible, interrupted. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import {
  type AvroJson,
  array,
  boolean,
  bytes,
  date,
  decimal,
  double,
  int,
  long,
  map,
  optional,
  record,
  string,
  symbols,
  timestampMs,
  union,
  withAliases,
  withDefault,
} from "../avro/avro.ts";
import { answer, cutOff, faultyRegistry, hang, refusingUrl } from "./testing/faulty-registry.ts";
import { IncompatibleSchema, OtherCompatibility, registerSchemas, SchemaRefused } from "./register.ts";
import { confluentRegistry } from "./registry.ts";
import { RegistryUnavailable } from "./http.ts";
import { testSubjects } from "./testing/test-subjects.ts";

const { url, subjects } = testSubjects();
after(subjects.remove);

const get = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
const levelOf = (name: string) => get(`/config/${name}-value`);
const versionsOf = (name: string) => get(`/subjects/${name}-value/versions`);

/** A topic's name with versions of its record, which no other test has. */
const evolving = () => {
  const name = subjects.newTopicName();
  const recordName = `test.v1.Text${randomUUID().replaceAll("-", "")}`;
  const first = { name, schema: record(recordName, { text: string() }) };
  const compatible = { name, schema: record(recordName, { text: string(), note: optional(string()) }) };
  const incompatible = { name, schema: record(recordName, { text: string(), size: int() }) };
  return { name, first, compatible, incompatible };
};
const backward = { compatibilityLevel: "BACKWARD_TRANSITIVE" };

test("registerSchemas: registers a schema under its topic's subject, and has later ones checked", async () => {
  const { name, first } = evolving();
  const [entry] = await registerSchemas({ url }, [first]);
  assert.equal(entry?.subject, `${name}-value`);
  assert(Number.isInteger(entry.id));
  assert.deepEqual(await levelOf(name), backward);
  const { schema } = (await get(`/schemas/ids/${entry.id}`)) as { readonly schema: string };
  assert.deepEqual(JSON.parse(schema), first.schema.avro);
});

test("registerSchemas: changes nothing when everything is there", async () => {
  const { name, first } = evolving();
  const once = await registerSchemas({ url }, [first]);
  assert.deepEqual(await registerSchemas({ url }, [first]), once);
  assert.deepEqual(await versionsOf(name), [1]);
});

test("registerSchemas: adds a version when the schema has grown, and keeps the one before", async () => {
  const { name, first, compatible } = evolving();
  const before = await registerSchemas({ url }, [first]);
  const grown = await registerSchemas({ url }, [compatible]);
  assert.notDeepEqual(grown, before);
  assert.deepEqual(await versionsOf(name), [1, 2]);
  assert.deepEqual(await registerSchemas({ url }, [first]), before);
});

test("registerSchemas: names the subject and changes nothing when a schema is incompatible", async () => {
  const { name, first, incompatible } = evolving();
  const other = evolving();
  await registerSchemas({ url }, [first]);
  await assert.rejects(
    registerSchemas({ url }, [incompatible, other.first]),
    (error) => error instanceof IncompatibleSchema && error.message.includes(`${name}-value`),
  );
  assert.deepEqual(await versionsOf(name), [1]);
  // Those after it wait until it is mended.
  assert.equal(((await versionsOf(other.name)) as { readonly error_code: number }).error_code, 40_401);
});

test("registerSchemas: leaves a subject alone to which somebody gave another compatibility", async () => {
  const { name, first, compatible } = evolving();
  await registerSchemas({ url }, [first]);
  await fetch(`${url}/config/${name}-value`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: '{"compatibility":"FULL"}',
  });
  await assert.rejects(
    registerSchemas({ url }, [compatible]),
    (error) => error instanceof OtherCompatibility && error.message.includes(`${name}-value`),
  );
  assert.deepEqual(await versionsOf(name), [1]);
});

test("registerSchemas: refuses a declaration that is no Avro", async () => {
  const unknownType: AvroJson = { type: "recrod", name: "Wrong" };
  await assert.rejects(
    registerSchemas({ url }, [{ name: subjects.newTopicName(), schema: { avro: unknownType } }]),
    SchemaRefused,
  );
  const { first } = evolving();
  await using picky = await faultyRegistry(
    (request, response) =>
      request.method === "POST" && answer(422, '{"error_code":42201,"message":"Invalid schema"}')(request, response),
    url,
  );
  await assert.rejects(registerSchemas({ url: picky.url }, [first]), SchemaRefused);
});

test("registerSchemas: says that the registry is away when it refuses or never answers", async () => {
  const { first } = evolving();
  await assert.rejects(registerSchemas({ url: await refusingUrl() }, [first]), RegistryUnavailable);
  await using faulty = await faultyRegistry(hang);
  await assert.rejects(registerSchemas({ url: faulty.url, timeoutMs: 100 }, [first]), RegistryUnavailable);
});

for (const [method, path] of [
  ["GET", "/config/"],
  ["POST", "/versions"],
  ["PUT", "/config/"],
] as const) {
  test(`registerSchemas: comes to the same when ${method} ${path} was cut off and it is done again`, async () => {
    const { name, first } = evolving();
    await using faulty = await faultyRegistry((request, response) => {
      if (request.method !== method || !request.url?.includes(path)) return false;
      return cutOff(request, response);
    }, url);
    const options = { url: faulty.url, timeoutMs: 500 };
    await assert.rejects(registerSchemas(options, [first]), RegistryUnavailable);
    faulty.behave = () => false;
    const [entry] = await registerSchemas(options, [first]);
    assert.equal(entry?.subject, `${name}-value`);
    assert.deepEqual(await levelOf(name), backward);
    assert.deepEqual(await versionsOf(name), [1]);
  });
}

test("registerSchemas: registers records with every type, as they are declared", async () => {
  const unique = randomUUID().replaceAll("-", "");
  const Item = record(`test.v1.Item${unique}`, { sku: string(), price: decimal(9, 2), day: date() });
  const Every = record(`test.v1.Every${unique}`, {
    items: array(Item),
    prices: map(decimal(9, 2)),
    first: Item,
    choice: withDefault(union(string(), Item, long()), { kind: "string", value: "a" }),
    color: symbols("Color", ["RED"], { default: "RED" }),
    raw: withAliases(withDefault(bytes(), Buffer.from([0, 255])), "former"),
    note: withDefault(optional(string()), "none"),
    yes: boolean(),
    share: double(),
    at: timestampMs(),
  });
  const topics = [Item, Every].map((schema) => ({ name: subjects.newTopicName(), schema }));
  const entries = await registerSchemas({ url }, topics);
  assert.deepEqual(
    entries.map(({ subject }) => subject),
    topics.map(({ name }) => `${name}-value`),
  );
  assert.deepEqual(await registerSchemas({ url }, topics), entries);
  const known = await confluentRegistry({ url }).schemaOf(entries[1]?.id ?? 0, [entries[1]?.subject ?? ""]);
  // Units and digits are there: the registry's client leaves them out of what it parses.
  for (const part of ['"logicalType":"timestamp-millis"', '"logicalType":"date"', '"precision":9', '"scale":2'])
    assert.ok(JSON.stringify(known).includes(part), part);
});
