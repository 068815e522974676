/** One picture of what runs, from what each process says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ListedProcess } from "../../deploy/processes.ts";
import { aProcess } from "../../deploy/testing/processes-contract.ts";
import { graphOfEverything } from "../../flow/testing/graph-of-everything.ts";
import { readinessOf } from "../../readiness.ts";
import { describeLive, type LookedAt } from "./describe.ts";
import { samplesOf } from "./samples.ts";

const { name } = graphOfEverything;
const [source = ""] = graphOfEverything.sources;
const listed = (over: Partial<ListedProcess> = {}): ListedProcess => ({
  ...aProcess({ subject: name }),
  startedAt: 0,
  silentMs: 0,
  ...over,
});
const answering = (process: ListedProcess, text: string, over: Partial<LookedAt["answer"]> = {}): LookedAt => ({
  process,
  atMs: 100_000,
  answer: { ready: readinessOf([]), holds: [], repairs: [], samples: samplesOf(text), ...over },
});
const described = {
  topologies: [graphOfEverything],
  partitions: new Map([[source, 2]]),
  outboxes: [{ name: "asked", topic: source, project: "toAsked" }],
  figures: [{ title: "marks", read: (samples: readonly { readonly name: string }[]) => samples[0]?.name }],
  deployed: new Map([[name, "b".repeat(64)]]),
};
const describe = (now: readonly LookedAt[]) => describeLive(described, [], now, { atMs: 100_000, away: [] });

test("describeLive: adds up the lag of every worker, and takes the oldest age, when several work", () => {
  const lag = (partition: number, records: number, seconds: number) =>
    `sluice_lag_records{topology="${name}",partition="${source}/${partition}"} ${records}
sluice_lag_seconds{topology="${name}",partition="${source}/${partition}"} ${seconds}`;
  const [topology] = describe([answering(listed(), lag(0, 5, 1)), answering(listed(), lag(1, 7, 3))]).topologies;
  assert.deepEqual(topology?.sources[source], { lagRecords: 12, lagSeconds: 3 });
  assert.deepEqual([topology?.workers, topology?.hashes], [2, { aaaaaaaa: 2 }]);
  assert.equal(topology?.deployed, "bbbbbbbb");
});

test("describeLive: has the lag that the log says, and no age, when nobody works for a topology", () => {
  const standing = new Map([[name, { letters: 4, lag: { [source]: 21 } }]]);
  const [topology] = describeLive({ ...described, standing }, [], [], { atMs: 0, away: [] }).topologies;
  assert.deepEqual(topology?.sources[source], { lagRecords: 21, lagSeconds: null });
  assert.equal(topology?.letters, 4);
  assert.deepEqual(describe([]).topologies[0]?.sources[source], { lagRecords: null, lagSeconds: null });
});

test("describeLive: names who has each partition by the highest epoch when two workers say that one is theirs", () => {
  const has = (partition: number, epoch: number) =>
    `sluice_lag_records{topology="${name}",partition="${source}/${partition}"} ${epoch}
sluice_lease_epoch{topology="${name}",partition="${source}/${partition}"} ${epoch}
`;
  const [topology] = describe([
    answering(listed({ pid: 1 }), has(0, 4)),
    answering(listed({ pid: 2 }), has(0, 5)),
  ]).topologies;
  assert.deepEqual(
    topology?.partitions.map((one) => [one.name, one.owner, one.epoch, one.fenced, one.lagRecords]),
    [
      [`${source}/0`, "contract-host:2", 5, ["contract-host:1"], 5],
      [`${source}/1`, null, null, [], null],
    ],
  );
});

test("describeLive: knows no epoch of a partition when its lease is not taken yet", () => {
  const taking = `sluice_lag_records{topology="${name}",partition="${source}/0"} 9
sluice_lease_epoch{topology="${name}",partition="${source}/0"} 0`;
  const [partition] = describe([answering(listed({ pid: 1 }), taking)]).topologies[0]?.partitions ?? [];
  assert.deepEqual([partition?.owner, partition?.epoch], ["contract-host:1", null]);
});

test("describeLive: says what a process says of itself, or that it cannot be asked, when it does not answer", () => {
  const unready = readinessOf([{ code: "STALLED", why: "stalled, waiting for x" }]);
  const why = "connection refused";
  const { processes, topologies } = describe([
    answering(listed({ kind: "api", subject: null }), "", { ready: unready }),
    { process: listed({ kind: "relay" }), atMs: 0, answer: { why } },
    { process: listed({ silentMs: 60_000 }), atMs: 0, answer: { why } },
  ]);
  assert.deepEqual(
    processes.map(({ kind, state, why: told }) => [kind, state, told]),
    [
      ["api", "unready", ["stalled, waiting for x"]],
      ["relay", "unreachable", [why]],
      ["worker", "silent", [why]],
    ],
  );
  assert.equal(topologies[0]?.workers, 0);
});

test("describeLive: has the latest repairs of all processes, with whose they are, when several repaired something", () => {
  const repair = (atMs: number) => ({ atMs, what: "coupon c", before: "1 left", after: "2 left" });
  const { repairs } = describe([
    answering(listed({ pid: 1 }), "", { repairs: [repair(3), repair(1)] }),
    answering(listed({ pid: 2 }), "", { repairs: [repair(2)] }),
  ]);
  assert.deepEqual(
    repairs.map(({ atMs, by }) => [atMs, by]),
    [
      [3, "contract-host:1"],
      [2, "contract-host:2"],
      [1, "contract-host:1"],
    ],
  );
});

test("describeLive: adds up the records in each call when several workers are at work", () => {
  const calls = (decide: number) =>
    answering(
      listed(),
      `sluice_call_records{topology="${name}",call="decide"} ${decide}
sluice_call_records{topology="${name}",call="write rows"} 1
sluice_call_records{topology="other",call="decide"} 100`,
    );
  const [topology] = describe([calls(3), calls(4)]).topologies;
  assert.deepEqual(topology?.inCalls, { decide: 7, "write rows": 2 });
});

test("describeLive: joins the waits of several workers for one thing, and keeps since when, when they wait", () => {
  const hold = (sinceMs: number) => ({
    ...{ call: "decide", calls: 2, who: "database", code: "UNAVAILABLE", message: "refused" },
    ...{ sinceMs, codeSinceMs: sinceMs },
  });
  const [topology] = describe([
    answering(listed(), "", { holds: [hold(90_000)] }),
    answering(listed(), "", { holds: [hold(95_000)] }),
  ]).topologies;
  assert.deepEqual(
    topology?.holds.map(({ call, calls, who, forMs }) => [call, calls, who, forMs]),
    [["decide", 4, "database", 10_000]],
  );
});

test("describeLive: names who leads an outbox, and believes its lag alone, when two relays run", () => {
  const relay = (pid: number, leads: number, rows: number) =>
    answering(
      listed({ kind: "relay", subject: "asked", pid }),
      `sluice_outbox_leading{outbox="asked"} ${leads}\nsluice_outbox_lag_rows{outbox="asked"} ${rows}`,
    );
  const [outbox] = describe([relay(1, 0, 900), relay(2, 1, 3)]).outboxes;
  assert.deepEqual([outbox?.leader, outbox?.lagRows, outbox?.relays], ["contract-host:2", 3, 2]);
  assert.equal(describe([relay(1, 0, 900)]).outboxes[0]?.leader, null);
});

test("describeLive: has what the continuous verify found, and figures of the application, when they are served", () => {
  const text = 'sluice_verify_violations{check="x: y"} 2\nsluice_verify_last_success_timestamp_seconds 99';
  const document = describe([answering(listed({ kind: "verify" }), text)]);
  assert.deepEqual(document.verify, { claims: [{ claim: "x: y", violations: 2 }], lastLookAt: 99_000 });
  assert.deepEqual(document.figures, [{ title: "marks", text: "sluice_verify_violations" }]);
  assert.equal(describe([]).verify, null);
});
