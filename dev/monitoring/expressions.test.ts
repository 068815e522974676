/** What dashboards and rules name is there: a metric or a label that is renamed fails here, before anybody looks at an empty panel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readinessCodes } from "../../engine/readiness.ts";
import { app } from "../../sluice.config.ts";
import { statusTable } from "../../stores/http/judge.ts";
import { expressions, panelExpressions, ruleExpressions } from "./expressions.ts";
import { targetLabels } from "./exporter-metrics.ts";
import { knownSeries, ownMetrics } from "./known-metrics.ts";
import { type Matcher, type Named, namedIn, type Selected, withoutVariables } from "./promql.ts";

const read = expressions().map(({ where, expr }) => ({ where, expr, named: namedIn(withoutVariables(expr)) }));

test("expressions: name only metrics that we or an exporter have, by labels that these have", () => {
  for (const { where, expr, named } of read)
    for (const { name, matchers } of named.selected) {
      const labels = knownSeries.get(name);
      assert.ok(labels, `${where}: there is no ${name}: ${expr}`);
      for (const { label } of matchers) assert.ok(labels.has(label), `${where}: ${name} has no ${label}: ${expr}`);
    }
});

test("expressions: group and join by labels that one of their metrics has, or that they make", () => {
  const labelsOf = ({ selected, made }: Named): ReadonlySet<string> =>
    new Set([...targetLabels, ...made, ...selected.flatMap(({ name }) => [...(knownSeries.get(name) ?? [])])]);
  for (const { where, expr, named } of read)
    for (const label of named.grouping) assert.ok(labelsOf(named).has(label), `${where}: no ${label}: ${expr}`);
});

/** What the graphs have, by the label that names it. */
const graphs = app.topologies.map(({ topology }) => topology.graph);
const names: Readonly<Record<string, ReadonlySet<string>>> = {
  topology: new Set(graphs.map(({ name }) => name)),
  step: new Set(graphs.flatMap(({ steps }) => Object.keys(steps))),
  outcome: new Set(graphs.flatMap(({ edges }) => edges.map(({ on }) => on))),
  sink: new Set(graphs.flatMap(({ endpoints }) => Object.keys(endpoints))),
  state: new Set(["closed", "halfOpen", "open"]),
  // Of a request to the platform; those without an answer have no status.
  ending: new Set([...statusTable.map(({ means }) => means), "unreachable"]),
  // Why a process is not ready: the one metric that is selected by it.
  reason: new Set(Object.keys(readinessCodes)),
};

test("expressions: select topologies, steps, outcomes, sinks, endings and reasons that there are", () => {
  const valuesOf = ({ op, value }: Matcher): readonly string[] => (op === "=" ? [value] : value.split("|"));
  for (const { where, named } of read)
    for (const { name, matchers } of named.selected.filter((one) => one.name.startsWith("sluice_")))
      for (const matcher of matchers)
        for (const value of valuesOf(matcher))
          if (matcher.label in names && value !== "x")
            assert.ok(names[matcher.label]?.has(value), `${where}: ${name} has no ${matcher.label} ${value}`);
});

test("expressions: ask histograms for bounds that they have", () => {
  const bucketsOf = (series: string): readonly number[] =>
    ownMetrics.find(({ name }) => `${name}_bucket` === series)?.buckets ?? [];
  const asked = (one: Selected): readonly Matcher[] => one.matchers.filter(({ label }) => label === "le");
  let seen = 0;
  for (const { where, named } of read)
    for (const one of named.selected)
      for (const { op, value } of asked(one)) {
        // As Prometheus 2 keeps a bound, and as Prometheus 3 does.
        const isAskedFor = (bucket: number): boolean => new RegExp(`^(?:${value})$`).test(String(bucket));
        assert.equal(op, "=~");
        assert.equal(bucketsOf(one.name).filter(isAskedFor).length, 1, `${where}: ${one.name} has no bound ${value}`);
        seen++;
      }
  assert.ok(seen > 0);
});

test("expressions: take the rate of a counter before they add it up, and of nothing but counters", () => {
  for (const { where, expr } of read) {
    for (const [, name] of expr.matchAll(/\b(?:rate|increase)\((\w+)/g)) {
      const counts = /_(total|count|sum|bucket)$/.test(name ?? "") || countsWithoutTotal.has(name ?? "");
      assert.ok(counts || name === "label_replace", `${where}: rate of ${name}`);
    }
    assert.doesNotMatch(expr, /\brate\(\s*sum/, `${where}: the rate of a sum: ${expr}`);
  }
});

/** Counters of others whose names do not end as a counter's should. */
const countsWithoutTotal: ReadonlySet<string> = new Set([
  "kafka_topic_partition_current_offset",
  "mysql_global_status_innodb_row_lock_waits",
  "mysql_global_status_innodb_deadlocks",
  "mysql_global_status_innodb_data_fsyncs",
]);

test("metrics: are each shown by a panel or looked at by a rule, but for those named here", () => {
  const used = new Set(
    [...panelExpressions(), ...ruleExpressions()].flatMap(({ expr }) =>
      namedIn(withoutVariables(expr)).selected.map(({ name }) => name),
    ),
  );
  const isUsed = (name: string): boolean => ["", "_bucket", "_sum", "_count"].some((end) => used.has(name + end));
  assert.deepEqual(
    ownMetrics.map(({ name }) => name).filter((name) => !isUsed(name)),
    [
      // Shown by nobody: which release runs is asked when something is odd, and what is tidied away is no trouble.
      "sluice_build_info",
      // Shown where traces are looked at: it is there only where they are on.
      "sluice_spans_total",
      "sluice_gate_memory_max_bytes",
      "sluice_refusals_pruned_total",
      "sluice_idempotency_keys_pruned_total",
    ],
  );
});
