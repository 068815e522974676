/** Figures that are kept, and their charts. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { benchPictures, keptWith } from "./pictures.ts";
import { type BenchReport, emptyReport } from "./report.ts";
import { picturesFolder, readFigures } from "./write-pictures.ts";

const drained = { scenario: "uniform", about: "a", requests: 10, warmUp: 0, issued: 10, seconds: 1, copies: 0 };
const drainedRun = {
  ...{ ...drained, issuedPerSecond: 40_000, decidedPerSecond: 40_000, workerCpuMicros: 1, workerPeakMb: 1, broken: [] },
  ...{ cpuMicros: { database: 1, broker: 1, redis: 1 }, transactionsPerThousand: 1, flushesPerThousand: 1 },
};
const report: BenchReport = {
  ...emptyReport,
  baseline: { records: 10, issued: 10, seconds: 1, issuedPerSecond: 600 },
  keys: [1, 10].map((coupons) => ({ ...drainedRun, coupons })),
  tables: [0, 1_000_000].map((rows) => ({ ...drainedRun, rows })),
  latency: [
    {
      ...{ load: "a", perSecond: 250, requests: 10, accepted: 10, seconds: 1, acceptedPerSecond: 10 },
      latencyMs: { p50: 2, p99: 9, max: 12 },
    },
  ],
};
const made = { on: "2026-11-27", machine: "2 cores", load: 1 };

test("figures: keep what a run did not measure when another is kept", () => {
  const first = keptWith({}, report, made);
  assert.deepEqual(keptWith(first, emptyReport, { on: "later", machine: "m", load: 9 }), first);
  const later = keptWith(first, { ...emptyReport, latency: report.latency }, { on: "later", machine: "m", load: 9 });
  assert.deepEqual([later.keys, later.latency?.on], [first.keys, "later"]);
});

test("pictures: show every figure beside the baseline when they are drawn", () => {
  const pictures = benchPictures(keptWith({}, report, made));
  assert.deepEqual([...pictures.keys()], ["issued-by-coupons.svg", "issued-by-rows.svg", "latency-by-load.svg"]);
  assert.match(
    pictures.get("issued-by-coupons.svg") ?? "",
    /in rounds: 40,000 at 1, 40,000 at 10\nrecord by record, of one: 600: 600/,
  );
  assert.match(pictures.get("issued-by-rows.svg") ?? "", /in rounds: 40,000 at 0, 40,000 at 1/);
  assert.match(pictures.get("latency-by-load.svg") ?? "", /p50: 2 at 250\np99: 9 at 250/);
  assert.deepEqual([...benchPictures({}).keys()], []);
});

test("pictures: are those of the kept figures when they stand in the documents (next: npx node dev/bench/write-pictures.ts)", async () => {
  for (const [file, picture] of benchPictures(await readFigures()))
    assert.ok((await readFile(join(picturesFolder, file), "utf8")) === picture, file);
});
