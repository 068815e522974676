/** Checks of an application beside those of its topics. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { record, string } from "../avro/avro.ts";
import { topic } from "../avro/topic.ts";
import { defineTopology, from } from "./dsl.ts";
import { sourceCheck, withChecks, wrongIn } from "./source-check.ts";

const Text = record("test.v1.Text", { text: string() });
const keyed = { key: "text", id: ({ text }: { readonly text: string }) => text } as const;
const read = topic("read", Text, { ...keyed, check: ({ text }) => (text === "" ? "it is empty" : undefined) });
const written = topic("written", Text, keyed);
const same = (value: { readonly text: string }) => value;
const copying = defineTopology(
  "copying",
  from(read, (path) => path.to(written, same)),
);

test("source check: refuses what its topic's own check lets through, and is not asked when that refuses", () => {
  const asked: string[] = [];
  const check = sourceCheck(read, ({ text }, key) => {
    asked.push(text);
    return key === null ? "it has no key" : undefined;
  });
  const [source] = withChecks(copying, [check]).parts.sources;
  assert.equal(source?.check?.({ text: "" }, null), "it is empty");
  assert.equal(source?.check?.({ text: "a" }, null), "it has no key");
  assert.equal(source?.check?.({ text: "b" }, Buffer.from("b")), undefined);
  assert.deepEqual(asked, ["a", "b"]);
});

test("source check: leaves the topology's graph and hash as they are when it is added", () => {
  const checked = withChecks(copying, [sourceCheck(read, () => "wrong")]);
  assert.deepEqual([checked.hash, checked.graph], [copying.hash, copying.graph]);
  assert.equal(copying.parts.sources[0]?.check?.({ text: "a" }, null), undefined);
});

test("source check: is refused when the topology does not read its topic", () => {
  assert.throws(() => withChecks(copying, [sourceCheck(written, () => undefined)]), /written, which is no source/);
});

test("source check: finds a record wrong when the check or the id throws", () => {
  const failing = () => {
    throw new TypeError("no such field");
  };
  const id = () => "a";
  assert.equal(wrongIn({ check: failing, id }, {}, null), "its check failed: no such field");
  assert.equal(wrongIn({ id: failing }, {}, null), "its check failed: no such field");
  assert.equal(wrongIn({ id }, {}, null), undefined);
});
