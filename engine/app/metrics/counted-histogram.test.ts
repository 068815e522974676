/** A histogram that takes many values at once says what prom-client's own says when it takes them one by one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { countedHistogramOf, histogramOf } from "./define.ts";

const definition = {
  name: "test_seconds",
  kind: "histogram",
  unit: "seconds",
  help: "For a test.",
  labels: ["topic"],
  buckets: [0.1, 1, 10],
} as const;
const values = Float64Array.of(0, 0.05, 0.1, 0.11, 1, 9.5, 10, 11, 4_000);

test("counted histogram: says the same as prom-client's own when both have seen the same values", async () => {
  const [own, theirs] = [new Registry(), new Registry()];
  const counted = countedHistogramOf(own, definition);
  const plain = histogramOf(theirs, definition);
  for (const topic of ["a", "b"]) {
    counted.observeAll({ topic }, values);
    counted.observeAll({ topic }, new Float64Array());
    for (const value of values) plain.observe({ topic }, value);
  }
  assert.equal(await own.metrics(), await theirs.metrics());
});

test("counted histogram: has one series for each set of labels when a million values come", async () => {
  const registry = new Registry();
  const counted = countedHistogramOf(registry, definition);
  const thousand = Float64Array.from({ length: 1_000 }, (_, n) => n / 100);
  for (let round = 0; round < 1_000; round += 1) counted.observeAll({ topic: "a" }, thousand);
  const lines = (await registry.metrics()).split("\n").filter((line) => line.startsWith("test_seconds"));
  assert.equal(lines.length, definition.buckets.length + 3);
  assert.ok(lines.includes('test_seconds_count{topic="a"} 1000000'));
});
