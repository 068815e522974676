/** What a real registry says about a subject before, between and after its versions. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { int, optional, record, string } from "./avro.ts";
import { registerSchemas } from "./register.ts";
import { subjectState } from "./registry-admin.ts";
import { testSubjects } from "./testing/test-subjects.ts";

const { url, subjects } = testSubjects();
after(subjects.remove);

test("subjectState: says what is there, what would be taken, and the level, as versions come", async () => {
  const name = subjects.newTopicName();
  const recordName = `test.v1.Text${randomUUID().replaceAll("-", "")}`;
  const first = record(recordName, { text: string() });
  const next = record(recordName, { text: string(), note: optional(string()) });
  const wrong = record(recordName, { text: string(), size: int() });
  const state = (schema: { readonly avro: typeof first.avro }) => subjectState({ url }, `${name}-value`, schema.avro);

  assert.deepEqual(await state(first), { latest: null, registered: false, compatible: true, level: null });
  await registerSchemas({ url }, [{ name, schema: first }]);
  assert.deepEqual(await state(first), { latest: 1, registered: true, compatible: true, level: "BACKWARD" });
  assert.deepEqual(await state(next), { latest: 1, registered: false, compatible: true, level: "BACKWARD" });
  assert.deepEqual(await state(wrong), { latest: 1, registered: false, compatible: false, level: "BACKWARD" });
  await registerSchemas({ url }, [{ name, schema: next }]);
  assert.deepEqual(await state(first), { latest: 2, registered: true, compatible: true, level: "BACKWARD" });
});
