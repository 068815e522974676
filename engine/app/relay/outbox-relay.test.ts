/** A relay of an application on fakes: what it counts, what it does beside publishing, and the order in which it ends. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Registry } from "prom-client";
import { record, string, type TypeOf } from "../../avro/avro.ts";
import { topic } from "../../avro/topic.ts";
import { encodeAsJson, fakeProducer } from "../../log/testing/fake-producer.ts";
import { silentLogger } from "../../logger.ts";
import { defineOutbox } from "../../outbox/define-outbox.ts";
import { memoryOutbox } from "../../outbox/memory-outbox.ts";
import { settled } from "../../testing/stepped-clock.ts";
import type { OpenedOutbox } from "../define-app.ts";
import { relayOn } from "./outbox-relay.ts";

const Text = record("t.v1.Text", { text: string() });
type Text = TypeOf<typeof Text>;
const texts = topic("texts", Text, { key: ({ text }) => text, id: ({ text }) => text });
const definition = defineOutbox({ name: "letters", topic: texts, project: (text: Text) => text });

const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 10_000; !(await holds()); await settled())
    assert.ok(Date.now() < end, `${what}: not within 10 s`);
};

/** A relay of a table with one row, and what it closed, in order. */
const started = (t: TestContext, upkeep?: OpenedOutbox<Text>["upkeep"]) => {
  const table = memoryOutbox<Text>(({ text }) => text);
  table.add({ text: "one" });
  const producer = fakeProducer<Text>();
  const registry = new Registry();
  const closed: string[] = [];
  const context = { config: { holdGraceMs: 10_000 }, logger: silentLogger, registry };
  const running = relayOn(context, definition, {
    own: { outbox: table.outbox, close: async () => void closed.push("table"), ...(upkeep && { upkeep }) },
    producer,
    encode: encodeAsJson,
    close: async () => void closed.push("producer"),
  });
  // Also where an assertion failed: a relay at work would keep the process.
  t.after(running.stop);
  return { table, producer, registry, closed, running };
};

test("relay: publishes, marks and counts under the outbox's name, and closes the table last, when it is stopped", async (t) => {
  const { table, producer, registry, closed, running } = started(t);
  await until("the row is marked", () => table.rows.get(1)?.publishedAt !== null);
  assert.deepEqual(
    producer.produced.map(({ to, value }) => [to.topic, value]),
    [["texts", { text: "one" }]],
  );
  await until("it is counted", async () =>
    (await registry.metrics()).includes('sluice_outbox_published_total{outbox="letters"} 1'),
  );
  assert.deepEqual(running.about, { outbox: "letters", topic: "texts" });
  assert.equal(running.ready().ok, true);
  await running.stop();
  assert.equal(await running.ended, undefined);
  assert.deepEqual(closed, ["producer", "table"]);
});

test("relay: lets its upkeep see who leads, and waits for its end before it closes anything, when it is stopped", async (t) => {
  const seen: string[] = [];
  const { closed, running } = started(t, async (leads, signal) => {
    await until("it leads", leads);
    seen.push("leads");
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    await settled();
    seen.push(`ended before ${closed.length} were closed`);
  });
  await until("the upkeep runs", () => seen.length === 1);
  await running.stop();
  assert.deepEqual(seen, ["leads", "ended before 0 were closed"]);
  assert.deepEqual(closed, ["producer", "table"]);
});

test("relay: ends with the error when its upkeep fails, and still closes everything", async (t) => {
  const { closed, running } = started(t, async () => {
    throw new TypeError("no such column");
  });
  assert.match(String(await running.ended), /no such column/);
  await running.stop();
  assert.deepEqual(closed, ["producer", "table"]);
});
