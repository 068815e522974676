/** What a scrape of a worker says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ReadinessCode, readinessCodes } from "../../readiness.ts";
import { createRegistry, watchedGauge } from "./define.ts";
import { tellBuild, watchReadiness } from "./process-metrics.ts";
import { engineMetrics } from "./table.ts";
import { tellGraph, watchCalls, watchHolds, watchPartitions, workerTelemetry } from "./worker-metrics.ts";

const seriesOf = async (registry: ReturnType<typeof createRegistry>, name: string): Promise<readonly string[]> =>
  (await registry.metrics()).split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));

test("metrics of a worker: have as many series as the graph has names when ten thousand keys come", async () => {
  const registry = createRegistry();
  const telemetry = workerTelemetry(registry, { name: "orders", sources: ["in"], steps: {}, edges: [] });
  for (let n = 0; n < 10_000; n += 1) {
    telemetry.outcome("reserve", "reserved", 1);
    telemetry.deadLettered({ topic: "in", partition: n % 3, offset: BigInt(n), node: "reserve", code: "NO" });
    telemetry.aged("in", Float64Array.of(n / 1_000));
    telemetry.commitRefused();
    telemetry.assigned();
  }
  const ages = await seriesOf(registry, "sluice_record_age_seconds_bucket");
  assert.equal(ages.length, engineMetrics.recordAge.buckets.length + 1);
  assert.deepEqual(await seriesOf(registry, "sluice_record_age_seconds_count"), [
    'sluice_record_age_seconds_count{topology="orders",topic="in"} 10000',
  ]);
  assert.deepEqual(await seriesOf(registry, "sluice_commits_refused_total"), [
    'sluice_commits_refused_total{topology="orders"} 10000',
  ]);
  assert.equal((await seriesOf(registry, "sluice_outcomes_total")).length, 1);
  assert.deepEqual(await seriesOf(registry, "sluice_dead_letters_total"), [
    'sluice_dead_letters_total{topology="orders",code="NO"} 10000',
  ]);
});

test("metrics of a worker: begin at 0 for all that the graph names when nothing has come yet", async () => {
  const registry = createRegistry();
  workerTelemetry(registry, {
    name: "orders",
    sources: ["in"],
    steps: {
      check: { undo: {} },
      reserve: { undo: { reserved: { undo: "release", sink: "released", project: "toReleased" } } },
    },
    edges: [
      { from: "in", on: "*", does: "step", step: "check" },
      { from: "check", on: "*", does: "step", step: "reserve" },
      { from: "reserve", on: "reserved", does: "to", sink: "out", project: "toOut" },
      { from: "reserve", on: "soldOut", does: "drop", reason: "nothing is left" },
    ],
  });
  assert.deepEqual(await seriesOf(registry, "sluice_outcomes_total"), [
    'sluice_outcomes_total{topology="orders",step="reserve",outcome="reserved"} 0',
    'sluice_outcomes_total{topology="orders",step="reserve",outcome="soldOut"} 0',
  ]);
  assert.deepEqual(await seriesOf(registry, "sluice_written_total"), [
    'sluice_written_total{topology="orders",sink="out"} 0',
    'sluice_written_total{topology="orders",sink="released"} 0',
  ]);
  assert.deepEqual(await seriesOf(registry, "sluice_compensations_total"), [
    'sluice_compensations_total{topology="orders",step="reserve"} 0',
  ]);
  for (const name of ["sluice_record_age_seconds_count", "sluice_round_records_count", "sluice_round_seconds_count"])
    assert.deepEqual(await seriesOf(registry, name), [`${name}{topology="orders",topic="in"} 0`]);
  for (const name of ["sluice_rebalances_total", "sluice_commits_refused_total"])
    assert.deepEqual(await seriesOf(registry, name), [`${name}{topology="orders"} 0`]);
});

test("metrics of a worker: forget partitions that were given back", async () => {
  const registry = createRegistry();
  const idle = { queuedRecords: 1, inFlightRecords: 0, lagRecords: 7, lagMs: 1_500, paused: false, leaseEpoch: 4 };
  const partitions = new Map([
    ["in/0", idle],
    ["in/1", idle],
  ]);
  watchPartitions(registry, "orders", { status: () => partitions, measure: async () => {} });
  assert.equal((await seriesOf(registry, "sluice_lag_records")).length, 2);
  assert.deepEqual(await seriesOf(registry, "sluice_partitions_assigned"), [
    'sluice_partitions_assigned{topology="orders"} 2',
  ]);
  assert.deepEqual(await seriesOf(registry, "sluice_lag_seconds"), [
    'sluice_lag_seconds{topology="orders",partition="in/0"} 1.5',
    'sluice_lag_seconds{topology="orders",partition="in/1"} 1.5',
  ]);
  assert.equal(
    (await seriesOf(registry, "sluice_lease_epoch"))[0],
    'sluice_lease_epoch{topology="orders",partition="in/0"} 4',
  );
  partitions.delete("in/1");
  assert.deepEqual(await seriesOf(registry, "sluice_lag_records"), [
    'sluice_lag_records{topology="orders",partition="in/0"} 7',
  ]);
});

test("metrics of a worker: say how many records each call is at work for, and 0 of a step and a store that have none", async () => {
  const registry = createRegistry();
  const graph = {
    name: "orders",
    steps: { reserve: { undo: {} }, pay: { undo: {} } },
    endpoints: { rows: { kind: "store" } },
  } as const;
  watchCalls(registry, graph, () => new Map([["pay", 7]]));
  assert.deepEqual(await seriesOf(registry, "sluice_call_records"), [
    'sluice_call_records{topology="orders",call="reserve"} 0',
    'sluice_call_records{topology="orders",call="pay"} 7',
    'sluice_call_records{topology="orders",call="write rows"} 0',
  ]);
});

test("metrics of a process: say its release, its graph, and whether it is ready", async () => {
  const registry = createRegistry();
  const codes: ReadinessCode[] = [];
  tellBuild(registry);
  tellGraph(registry, "orders", "0123456789abcdef");
  watchReadiness(registry, () => ({ ok: codes.length === 0, why: codes, codes }));
  assert.match((await seriesOf(registry, "sluice_build_info"))[0] ?? "", /version="\d+\.\d+\.\d+",node="\d+\./);
  assert.deepEqual(await seriesOf(registry, "sluice_topology_info"), [
    'sluice_topology_info{topology="orders",hash="01234567"} 1',
  ]);
  assert.deepEqual(await seriesOf(registry, "sluice_ready"), ["sluice_ready 1"]);
  codes.push("STOPPING");
  assert.deepEqual(await seriesOf(registry, "sluice_ready"), ["sluice_ready 0"]);
  const reasons = await seriesOf(registry, "sluice_not_ready");
  assert.deepEqual(
    reasons.filter((line) => line.endsWith(" 1")),
    ['sluice_not_ready{reason="STOPPING"} 1'],
  );
  assert.equal(reasons.length, Object.keys(readinessCodes).length);
});

test("metrics of holds: are counted by topology when one process has several", async () => {
  const registry = createRegistry();
  const hold = {
    call: "take",
    code: "REDIS_AWAY",
    calls: 2,
    sinceMs: 0,
    codeSinceMs: 0,
    who: "redis",
    message: "away",
  };
  watchHolds(registry, "orders", () => [hold]);
  assert.deepEqual(await seriesOf(registry, "sluice_holds"), ['sluice_holds{topology="orders"} 2']);
});

test("watchedGauge: waits for what is read by asking", async () => {
  const registry = createRegistry();
  watchedGauge(registry, engineMetrics.producerBacklog, async (set) => {
    await Promise.resolve();
    set({}, 3);
  });
  assert.deepEqual(await seriesOf(registry, "sluice_producer_backlog_records"), ["sluice_producer_backlog_records 3"]);
});
