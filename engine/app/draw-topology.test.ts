/** A topology in every form it is drawn in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { graphOfEverything } from "../flow/testing/graph-of-everything.ts";
import { drawTopology } from "./draw-topology.ts";
import { graphFormats } from "./graph-formats.ts";

const outboxes = [
  { name: "asked", topic: "in", project: "toAsked" },
  { name: "elsewhere", topic: "none-of-its", project: "toNothing" },
];

for (const format of graphFormats.filter((one) => one !== "asyncapi"))
  test(`drawTopology: shows an outbox, and only where it publishes to the topology, when it draws ${format}`, async () => {
    const text = await drawTopology(graphOfEverything, outboxes, format);
    assert.match(text, /toAsked/);
    assert.doesNotMatch(text, /elsewhere/);
    assert.ok(text.endsWith("\n"));
  });

test("drawTopology: names the topics of dead letters and of replays when it draws a picture", async () => {
  const text = await drawTopology(graphOfEverything, [], "svg");
  assert.match(text, />everything\.dlq<[\s\S]*>everything\.retry</);
});

test("drawTopology: answers one document of the topics when it writes AsyncAPI", async () => {
  const text = await drawTopology(graphOfEverything, outboxes, "asyncapi");
  assert.equal(JSON.parse(text).asyncapi, "3.0.0");
  assert.doesNotMatch(text, /toAsked/);
});

test("drawTopology: answers the graph as it is hashed when no outbox publishes to it", async () => {
  assert.deepEqual(JSON.parse(await drawTopology(graphOfEverything, [], "json")), graphOfEverything);
});
