/** Which topics an application has: those of its topologies and outboxes, each with what it is declared with. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { record, string } from "../avro/avro.ts";
import { topic } from "../avro/topic.ts";
import { defineTopology, from } from "../flow/dsl.ts";
import { topicSpecs } from "./apply.ts";
import { engineOnly } from "./config/settings.ts";
import { defineApp, runs, topologyNamed } from "./define-app.ts";

const Text = record("t.v1.Text", { text: string() });
const keyed = { key: ({ text }: { readonly text: string }) => text, id: ({ text }: { readonly text: string }) => text };
const read = topic("read", Text, { ...keyed, partitions: 3, config: { "retention.ms": "1000" } });
const written = topic("written", Text, keyed);
const relayed = topic("relayed", Text, keyed);
const same = (value: { readonly text: string }) => value;
const copy = (name: string, target = written) =>
  runs(
    defineTopology(
      name,
      from(read, (stream) => stream.to(target, same)),
    ),
    { open: async () => ({ deps: () => ({}), close: async () => {} }) },
  );
const settings = async () => engineOnly;
const about = { name: "a", description: "b", settings };

test("apply: makes each topic once, with its partitions and settings, and one for the dead letters of each topology", () => {
  const app = defineApp({ ...about, topologies: [copy("one"), copy("two")], outboxes: [{ topic: relayed }] });
  const specs = topicSpecs(app).map(({ name, partitions, config }) => [name, partitions, config?.["retention.ms"]]);
  assert.deepEqual(specs, [
    ["read", 3, "1000"],
    ["written", 6, undefined],
    ["relayed", 6, undefined],
    ["one.dlq", 6, "-1"],
    ["two.dlq", 6, "-1"],
  ]);
  for (const { config } of topicSpecs(app)) assert.equal(config?.["message.timestamp.type"], "LogAppendTime");
});

test("app: refuses two topologies of one name, and two topics of one name", () => {
  assert.throws(() => defineApp({ ...about, topologies: [copy("one"), copy("one")] }), /two topologies are named one/);
  const other = topic("written", Text, { ...keyed, partitions: 1 });
  assert.throws(
    () => defineApp({ ...about, topologies: [copy("one"), copy("two", other)] }),
    /two topics are declared as written/,
  );
});

test("app: finds a topology by its name, and says when there is none", () => {
  const app = defineApp({ ...about, topologies: [copy("one")] });
  assert.equal(topologyNamed(app, "one").topology.graph.name, "one");
  assert.throws(() => topologyNamed(app, "two"), /no topology is named two/);
});
