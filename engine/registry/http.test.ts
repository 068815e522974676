/** What answers that are wrong in some way come to, and that credentials leave the URL. The right ones: registry-admin.int.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { confluentAdmin } from "./admin.ts";
import { confluentRegistry } from "./registry.ts";
import { RegistryRefused, RegistryUnavailable } from "./http.ts";
import {
  answer,
  type Behaviour,
  cutOff,
  faultyRegistry,
  hang,
  refusingUrl,
  trickle,
  answerSchema,
} from "./testing/faulty-registry.ts";

const avro = { type: "record", name: "r", fields: [] } as const;

const wrong: Readonly<Record<string, Behaviour>> = {
  "answers a login page": answer(200, "<html>log in</html>", "text/html"),
  "answers 404 for everything": answer(404, '{"error":"Not Found"}'),
  "answers 404 without a body": answer(404, ""),
  "answers 404 with a page": answer(404, "<html>not here</html>", "text/html"),
  "answers 401": answer(401, '{"error_code":401,"message":"Unauthorized"}'),
  "answers 403": answer(403, '{"error_code":40301,"message":"Forbidden"}'),
  "answers 429": answer(429, '{"error_code":42901,"message":"Slow down"}'),
  "answers 500": answer(500, '{"error_code":50001,"message":"Error in the backend data store"}'),
  "answers 503 without a body": answer(503, ""),
  "answers other JSON": answer(200, '{"status":"ok"}'),
  "answers null": answer(200, "null"),
  "answers without an end": answer(200, " ".repeat(2_000_000)),
  "cuts its answer off": cutOff,
  "trickles for ever": trickle,
  "does not answer": hang,
};
for (const [what, behaviour] of Object.entries(wrong)) {
  test(`registry client: is unavailable when what is asked ${what}`, async () => {
    await using faulty = await faultyRegistry(behaviour);
    const options = { url: faulty.url, timeoutMs: 150 };
    const admin = confluentAdmin(options);
    const source = confluentRegistry(options);
    const asked: readonly (() => Promise<unknown>)[] = [
      () => admin.versions("s"),
      () => admin.version("s", 1),
      () => admin.lookup("s", avro),
      () => admin.isCompatible("s", 1, avro),
      () => admin.level("s"),
      () => admin.setLevel("s", "BACKWARD"),
      () => admin.mode("s"),
      () => admin.register("s", avro),
      () => source.schemaOf(1, ["s"]),
      () => source.idOf("s", avro),
    ];
    await Promise.all(asked.map((ask) => assert.rejects(ask(), RegistryUnavailable)));
  });
}

for (const status of [401, 403]) {
  test(`registry client: is refused, by its own code, when what is asked answers ${status}`, async () => {
    await using faulty = await faultyRegistry(answer(status, '{"error_code":1,"message":"no"}'));
    const options = { url: faulty.url };
    const isRefused = (error: unknown): boolean =>
      error instanceof RegistryRefused && error.code === "REGISTRY_REFUSED";
    await assert.rejects(confluentAdmin(options).versions("s"), isRefused);
    await assert.rejects(confluentRegistry(options).schemaOf(1, ["s"]), isRefused);
    await assert.rejects(confluentRegistry(options).idOf("s", avro), isRefused);
  });
}

test("registry client: says what to look at, once, when a refusal is told with and without its cause", async () => {
  await using faulty = await faultyRegistry(answer(403, '{"error_code":40301,"message":"no"}'));
  const told = await confluentAdmin({ url: faulty.url }).versions("s").catch(String);
  const remedy = "does SLUICE_REGISTRY_AUTH or SLUICE_REGISTRY_TOKEN_FILE fit? And may its user do this there?";
  assert.equal(told, `Error: the schema registry refuses us (subject s): it answered 403, ${remedy}`);
  const bare = String(new RegistryRefused("schema 7", {}));
  assert.equal(bare, `Error: the schema registry refuses us (schema 7): it answered 401 or 403, ${remedy}`);
});

test("registry client: is unavailable when the connection is refused", async () => {
  await assert.rejects(confluentAdmin({ url: await refusingUrl() }).versions("s"), RegistryUnavailable);
});

test("registry client: sends the URL's credentials as a header, and says them nowhere", async () => {
  const seen = new Set<string | undefined>();
  await using faulty = await faultyRegistry((request, response) => {
    seen.add(request.headers.authorization);
    return answer(request.url?.endsWith("versions") ? 404 : 401, '{"error_code":40401,"message":"none"}')(
      request,
      response,
    );
  });
  const url = `http://key:p%40ss@${new URL(faulty.url).host}/base/`;
  assert.deepEqual(await confluentAdmin({ url }).versions("s"), []);
  for (const asked of [confluentAdmin({ url }).level("s"), confluentRegistry({ url }).schemaOf(1, ["s"])])
    await assert.rejects(asked, (error) => {
      assert.ok(error instanceof RegistryUnavailable);
      assert.ok(!JSON.stringify([error.message, error.stack, error.cause]).includes("ss@"));
      return true;
    });
  await assert.rejects(confluentAdmin({ url }).level("s"), /401, does SLUICE_REGISTRY_AUTH or/);
  await assert.rejects(confluentAdmin({ url }).register("s", avro), RegistryUnavailable);
  assert.deepEqual(seen, new Set([`Basic ${Buffer.from("key:p@ss").toString("base64")}`]));
});

for (const references of ["text", {}, [{}], [1], [null], [{ name: "a", version: 1 }], [{ name: "a", subject: "s" }]]) {
  test(`registry client: has no schema, and lives, where it refers to others by ${JSON.stringify(references)}`, async () => {
    await using faulty = await faultyRegistry(answerSchema(JSON.stringify({ schema: '"string"', references })));
    assert.equal(await confluentRegistry({ url: faulty.url }).schemaOf(1, ["s"]), undefined);
  });
}

test("registry client: has no schema where what the id has is no Avro", async () => {
  const texts = ['{"type":"recrod"}', "syntax = proto3", '"string'];
  for (const schema of texts) {
    await using faulty = await faultyRegistry(answerSchema(JSON.stringify({ schema })));
    assert.equal(await confluentRegistry({ url: faulty.url }).schemaOf(1, ["s"]), undefined);
  }
  const other = JSON.stringify({ schema: '"string"', schemaType: "PROTOBUF" });
  await using faulty = await faultyRegistry(answerSchema(other));
  assert.equal(await confluentRegistry({ url: faulty.url }).schemaOf(1, ["s"]), undefined);
});
