/** A run counts only where every promise was kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type BenchReport, emptyReport, isSound } from "./report.ts";

const latencyMs = { p50: 1, p99: 2, max: 3 };
const load = { load: "some", orders: 10, paid: 10, seconds: 1, paidPerSecond: 10, latencyMs };
const run = { ...load, apiCpuMicros: 1, ratio: 1, broken: [] };
const relay = { rows: 10, seconds: 1, rowsPerSecond: 10 };
const inFlight = { samples: 1, median: 1, max: 1, fullShare: 1 };
const usage = { workerCpuMicros: 1, workerPeakMb: 1 };
const history = { payments: 10, copies: 0, seconds: 1, rowsPerSecond: 10, ...usage, broken: [], ratio: 1 };
const delivery = {
  ...{ load: "some", payments: 10, copies: 0, latencyMs: 0, concurrency: 1, seconds: 1, deliveriesPerSecond: 10 },
  ...{ ofLimit: undefined, sent: inFlight, held: inFlight, ...usage, platformCpuMicros: 1, broken: [] },
};
const baseline = { records: 10, seconds: 1, rowsPerSecond: 10 };
const sound: BenchReport = {
  ...emptyReport,
  payments: { runs: [run], baseline: [load], relay },
  history: { ...history, baseline },
  delivery: { runs: [delivery], ratio: 1 },
};

test("report: is sound when all was paid, remembered and delivered once, and not when one thing was not", () => {
  assert.equal(isSound(sound), true);
  const broken = ["something"];
  const wrong: readonly Partial<BenchReport>[] = [
    { payments: { runs: [{ ...run, broken }], baseline: [load], relay } },
    { payments: { runs: [{ ...run, paid: 9 }], baseline: [load], relay } },
    { payments: { runs: [run], baseline: [{ ...load, paid: 9 }], relay } },
    { history: { ...history, baseline, broken } },
    { delivery: { runs: [delivery, { ...delivery, broken }], ratio: 1 } },
  ];
  for (const part of wrong) assert.equal(isSound({ ...sound, ...part }), false, JSON.stringify(part));
});

test("report: is not sound when a baseline issued another number than its records", () => {
  const run = { records: 10, issued: 10, seconds: 1, issuedPerSecond: 10 };
  const baselines = [{ ...run, design: "some" }];
  assert.equal(isSound({ ...sound, baseline: run, baselines }), true);
  assert.equal(isSound({ ...sound, baseline: { ...run, issued: 9 } }), false);
  assert.equal(isSound({ ...sound, baselines: [...baselines, { ...run, design: "other", issued: 11 }] }), false);
});
