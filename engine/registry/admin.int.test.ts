/**
 * The contract of a registry on the stack's own and, where SLUICE_TEST_OTHER_REGISTRY_URL has the address of one (Confluent's,
 * Karapace), on that too; and what only a real one can show.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { int, optional, record, string } from "../avro/avro.ts";
import { registerSchemas } from "./register.ts";
import { confluentAdmin } from "./admin.ts";
import { registryContract } from "./testing/registry-contract.ts";
import { testSubjects } from "./testing/test-subjects.ts";

const other = process.env["SLUICE_TEST_OTHER_REGISTRY_URL"];
const { url, subjects } = testSubjects();
const others = testSubjects(other);
after(async () => {
  await subjects.remove();
  if (other !== undefined) await others.subjects.remove();
});

const unique = ({ newTopicName }: typeof subjects) => ({
  subject: `${newTopicName()}-value`,
  name: `test.v1.R${randomUUID().replaceAll("-", "")}`,
});
registryContract("registry", () => ({ admin: confluentAdmin({ url }), unique: () => unique(subjects) }));
if (other !== undefined)
  registryContract("other registry", () => ({
    admin: confluentAdmin({ url: other }),
    unique: () => unique(others.subjects),
  }));

test("registry: has no Avro for a version of another kind, and refuses Avro beside it", async () => {
  const { subject, name } = unique(subjects);
  const admin = confluentAdmin({ url });
  const body = JSON.stringify({
    schemaType: "PROTOBUF",
    schema: `syntax = "proto3"; message ${name.slice(8)} { string t = 1; }`,
  });
  const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
  assert.equal((await fetch(`${url}/subjects/${subject}/versions`, { method: "POST", headers, body })).status, 200);
  const version = await admin.version(subject, 1);
  assert.deepEqual([version?.version, version?.avro], [1, undefined]);
});

test("registerSchemas: raises a subject from BACKWARD before it registers, so that every version counts", async () => {
  const { subject, name } = unique(subjects);
  const admin = confluentAdmin({ url });
  const topic = subject.slice(0, -"-value".length);
  await admin.register(subject, record(name, { text: string() }).avro);
  await admin.setLevel(subject, "BACKWARD");
  await registerSchemas({ url }, [{ name: topic, schema: record(name, { text: string(), note: optional(int()) }) }]);
  assert.equal(await admin.level(subject), "BACKWARD_TRANSITIVE");
  assert.deepEqual(await admin.versions(subject), [1, 2]);
});
