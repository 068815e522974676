/** The pages of docs/reference say what the code says. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import { referencePages } from "../../dev/reference/pages.ts";
import type { MetricDefinition } from "../../engine/app/metrics/define.ts";
import { engineMetrics } from "../../engine/app/metrics/table.ts";
import { shopMetrics } from "../../ops/metrics/table.ts";

for (const [file, page] of Object.entries(referencePages))
  test(`reference: ${file} is what the code makes of it`, async () => {
    const written = readFileSync(join(repositoryRoot, file), "utf8");
    assert.equal(written, await page(), `${file} is not what the code says; next: npm run reference`);
  });

const table: readonly MetricDefinition[] = [...Object.values(engineMetrics), ...Object.values(shopMetrics)];

test("metrics: have names as Prometheus advises, each once, and buckets where they are histograms", () => {
  assert.equal(new Set(table.map(({ name }) => name)).size, table.length);
  for (const { name, kind, unit, buckets } of table) {
    assert.match(name, /^sluice_[a-z]+(_[a-z]+)*$/);
    assert.equal(name.endsWith("_total"), kind === "counter", `${name}: a counter, and only that, ends in _total`);
    assert.equal(buckets !== undefined, kind === "histogram", `${name}: buckets`);
    assert.deepEqual(
      buckets,
      buckets?.toSorted((a, b) => a - b),
      `${name}: buckets in order`,
    );
    if (unit === "seconds") assert.match(name, /_seconds(_total)?$/);
  }
});

test("metrics: are made from the tables alone when the code is read", () => {
  const files = globSync(["engine/**/*.ts", "api/**/*.ts", "ops/**/*.ts", "stores/**/*.ts", "processors/**/*.ts"], {
    cwd: repositoryRoot,
    exclude: ["engine/dist/**", "**/node_modules/**", "**/*.test.ts", "engine/app/metrics/define.ts"],
  });
  const made = files.filter((file) =>
    /new (Counter|Gauge|Histogram|Summary)\b/.test(readFileSync(join(repositoryRoot, file), "utf8")),
  );
  assert.deepEqual(made, []);
});
