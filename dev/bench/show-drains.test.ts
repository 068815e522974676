/** What people read of workloads. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DrainRun } from "./coupons/drain.ts";
import { emptyReport } from "./report.ts";
import { showDrains } from "./show-drains.ts";

const run = (requests: number, issuedPerSecond: number): DrainRun => ({
  ...{ scenario: "uniform", about: "some", requests, warmUp: 0, issued: requests, seconds: 1, copies: 0 },
  ...{ issuedPerSecond, decidedPerSecond: issuedPerSecond, workerCpuMicros: 1, workerPeakMb: 1, broken: [] },
  ...{ cpuMicros: { database: 1, broker: 1, redis: 1 }, transactionsPerThousand: 1, flushesPerThousand: 1 },
});

const rowsOf = (text: string | undefined): readonly string[] =>
  (text ?? "").split("\n").filter((line) => line.startsWith("some"));

test("workloads: are one row with the median when each was run three times in turn", () => {
  const [rates] = showDrains({ ...emptyReport, drains: [run(10, 100), run(10, 900), run(10, 300)] });
  assert.equal(rowsOf(rates).length, 1);
  assert.match(rowsOf(rates)[0] ?? "", / 300 +100 to 900 /);
});

test("workloads: are rows of their own when one has more requests, or is a number of keys", () => {
  const drains = [run(10, 100), run(1_000, 200)];
  const tables = showDrains({ ...emptyReport, drains, keys: [{ coupons: 1, ...run(10, 300) }] });
  for (const table of tables) assert.equal(rowsOf(table).length, 3);
});

test("workloads: say what their workers had before when they were warm, and that they were not", () => {
  const warm = { ...run(10, 100), warmUp: 100_000 };
  assert.match(showDrains({ ...emptyReport, drains: [warm] })[1] ?? "", /the worker had 100,000 before/);
  assert.match(showDrains({ ...emptyReport, drains: [run(10, 100)] })[1] ?? "", /the worker started cold/);
});

test("workloads: are no table when none was run", () => {
  assert.deepEqual(showDrains(emptyReport), []);
});
