/** Which topics an application has: those of its topologies and outboxes, each with what it is declared with. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { record, string } from "../avro/avro.ts";
import { topic } from "../avro/topic.ts";
import { defineTopology, from } from "../flow/dsl.ts";
import { desiredOfApp } from "./deploying/open.ts";
import { engineOnly } from "./config/settings.ts";
import { defineOutbox } from "../outbox/define-outbox.ts";
import { memoryOutbox } from "../outbox/memory-outbox.ts";
import { defineApp, outboxNamed, relays, runs, topologyNamed } from "./define-app.ts";

const Text = record("t.v1.Text", { text: string() });
const keyed = { key: ({ text }: { readonly text: string }) => text, id: ({ text }: { readonly text: string }) => text };
const read = topic("read", Text, { ...keyed, partitions: 3, config: { "retention.ms": "1000" } });
const written = topic("written", Text, keyed);
const relayed = topic("relayed", Text, { ...keyed, key: "text" });
const toCopy = (value: { readonly text: string }) => value;
const copy = (name: string, target = written) =>
  runs(
    defineTopology(
      name,
      from(read, (stream) => stream.to(target, toCopy)),
    ),
    { open: async () => ({ deps: () => ({}), close: async () => {} }) },
  );
const publishing = (name: string) =>
  relays(defineOutbox({ name, topic: relayed, project: toCopy }), {
    open: async () => ({ outbox: memoryOutbox(keyed.id).outbox, close: async () => {} }),
  });
const settings = async () => engineOnly;
const about = { name: "a", description: "b", settings };

test("desired: has each topic once, with its partitions and settings, and two for the dead letters and the replays of each topology", () => {
  const app = defineApp({ ...about, topologies: [copy("one"), copy("two")], outboxes: [publishing("o")] });
  const { topics, topologies } = desiredOfApp(app, { groupPrefix: "g" });
  const shown = Object.entries(topics).map(([name, { partitions, key, settings: own }]) => {
    return [name, partitions, key, own["retention.ms"]];
  });
  const month = String(30 * 86_400_000);
  assert.deepEqual(shown, [
    ["read", 3, "computed", "1000"],
    ["written", 6, "computed", month],
    ["relayed", 6, "text", month],
    ["one.dlq", 6, null, "-1"],
    ["two.dlq", 6, null, "-1"],
    ["one.retry", 3, null, "-1"],
    ["two.retry", 3, null, "-1"],
  ]);
  for (const { settings: own } of Object.values(topics)) assert.equal(own["message.timestamp.type"], "LogAppendTime");
  assert.deepEqual(
    Object.values(topologies).map(({ group }) => group),
    ["g.one", "g.two"],
  );
});

test("app: refuses two topologies, two outboxes and two topics when they have one name", () => {
  const outboxes = [publishing("o"), publishing("o")];
  assert.throws(() => defineApp({ ...about, topologies: [copy("one")], outboxes }), /two outboxes are named o/);
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

test("app: finds an outbox by its name, and says when there is none", () => {
  const app = defineApp({ ...about, topologies: [copy("one")], outboxes: [publishing("o"), publishing("p")] });
  assert.equal(outboxNamed(app, "p").name, "p");
  assert.throws(() => outboxNamed(app, "q"), /no outbox is named q/);
});
