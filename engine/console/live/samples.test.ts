/** Samples, rates and flows: what the numbers of health ports come to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { arrowKey } from "../../flow/arrows.ts";
import { graphOfEverything } from "../../flow/testing/graph-of-everything.ts";
import { flowRates } from "./flow-rates.ts";
import { ratesBetween } from "./rates.ts";
import { byLabel, samplesOf, sumOf } from "./samples.ts";

test("samplesOf: reads names, labels with anything in them, and values when a process writes them", () => {
  const text = `# HELP sluice_a of nothing
sluice_a 3
sluice_b{topology="x",code="say \\"no\\"\\\\n"} 4.5
other 1
sluice_c{le="+Inf"} +Inf
sluice_d NaN
sluice_e{oops
`;
  assert.deepEqual(samplesOf(text), [
    { name: "sluice_a", labels: {}, value: 3 },
    { name: "sluice_b", labels: { topology: "x", code: 'say "no"\\n' }, value: 4.5 },
  ]);
});

test("samplesOf: leaves out a line, and is as quick, when it is longer than any sample", () => {
  const text = `sluice_a{${"}".repeat(400_000)}\nsluice_b 1\nsluice_c{x="${"y".repeat(5_000)}"} 1\n`;
  const startedAt = performance.now();
  assert.deepEqual(samplesOf(text), [{ name: "sluice_b", labels: {}, value: 1 }]);
  assert.ok(performance.now() - startedAt < 500);
});

test("sumOf: adds what fits its labels, and tells nothing from 0, when asked", () => {
  const samples = samplesOf('sluice_a{t="x",p="0"} 2\nsluice_a{t="x",p="1"} 3\nsluice_a{t="y",p="0"} 9\n');
  assert.equal(sumOf(samples, "sluice_a", { t: "x" }), 5);
  assert.equal(sumOf(samples, "sluice_a", { t: "z" }), undefined);
  assert.deepEqual(
    [...byLabel(samples, "sluice_a", "p", { t: "x" })],
    [
      ["0", 2],
      ["1", 3],
    ],
  );
});

const scrape = (process: string, atMs: number, text: string) => ({ process, atMs, samples: samplesOf(text) });

test("ratesBetween: adds the growth of every process, each by its own time, when they were looked at twice", () => {
  const before = [scrape("a", 0, 'sluice_n{s="x"} 100'), scrape("b", 0, 'sluice_n{s="x"} 0')];
  const now = [scrape("a", 1_000, 'sluice_n{s="x"} 150'), scrape("b", 2_000, 'sluice_n{s="x"} 20')];
  assert.equal(ratesBetween(before, now)("sluice_n", { s: "x" }), 60);
  assert.equal(ratesBetween(before, now)("sluice_n", { s: "y" }), 0);
});

test("ratesBetween: counts from 0 a counter that began anew, and nothing of a process that it has not seen before", () => {
  const now = [scrape("a", 1_000, "sluice_n 5"), scrape("new", 1_000, "sluice_n 1000000")];
  assert.equal(ratesBetween([scrape("a", 0, "sluice_n 100")], now)("sluice_n"), 5);
  assert.equal(ratesBetween([], now)("sluice_n"), 0);
});

test("ratesBetween: says nothing when two looks are too near each other", () => {
  assert.equal(ratesBetween([scrape("a", 0, "sluice_n 0")], [scrape("a", 10, "sluice_n 50")])("sluice_n"), 0);
});

test("flowRates: has a rate for every arrow of a graph, from what its kind counts, when records flow", () => {
  const seen: string[] = [];
  const flows = flowRates(graphOfEverything, [], (name, labels) => {
    seen.push(`${name} ${Object.values(labels ?? {}).join(" ")}`);
    return name === "sluice_round_records_sum" ? 7 : 1;
  });
  const [source = ""] = graphOfEverything.sources;
  const first = graphOfEverything.edges.find(({ from }) => from === source);
  const to = { kind: "step" as const, name: first !== undefined && "step" in first ? first.step : "" };
  const fromSource = Object.entries(flows).filter(([key]) =>
    key.startsWith(arrowKey({ from: { kind: "endpoint", name: source }, to, via: "" }).slice(0, 12)),
  );
  assert.ok(fromSource.some(([, rate]) => rate === 7));
  assert.ok(
    seen.some((one) => one.startsWith("sluice_compensations_total")),
    "undos are counted",
  );
  assert.ok(
    seen.some((one) => one.startsWith("sluice_outcomes_total")),
    "outcomes are counted",
  );
  assert.ok(Object.values(flows).every((rate) => rate >= 0));
});
