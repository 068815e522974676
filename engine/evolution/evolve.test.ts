/** Making a version: what is refused, what is written, and what a registry that fails in between comes to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AvroJson } from "../avro/avro.ts";
import { subjectLevel } from "../registry/register.ts";
import { RegistryUnavailable } from "../registry/http.ts";
import { away, memoryRegistry } from "../registry/testing/memory-registry.ts";
import { consider, evolve } from "./evolve.ts";
import type { History } from "./history.ts";
import { stateOf } from "./look.ts";
import { isSameSchema, type Version } from "./rules.ts";

const of = (...fields: AvroJson[]): AvroJson => ({ type: "record", name: "n.R", fields });
const text = { name: "t", type: "string" };
const note = { name: "note", type: ["null", "string"], default: null };
const first = of(text);
const grown = of(text, note);
const broken = of({ name: "n", type: "int" });
const judging = { today: "2026-11-27" };
const subject = "s-value";

const memoryHistory = (...all: AvroJson[]): History & { readonly kept: Version[] } => {
  const kept = all.map((avro, at) => ({ number: at + 1, avro }));
  return {
    kept,
    file: (_, number) => `${number}`,
    subjects: async () => [subject],
    versions: async () => [...kept],
    append: async (_, avro) => {
      const last = kept.at(-1);
      if (last !== undefined && isSameSchema(last.avro, avro)) return last.number;
      return kept.push({ number: kept.length + 1, avro });
    },
  };
};

const setUp = (avro: AvroJson, registered: readonly (AvroJson | undefined)[], recorded = memoryHistory(first)) => {
  const admin = memoryRegistry();
  for (const one of registered) admin.put(subject, one);
  const ports = { admin, history: recorded, confirm: async () => {} };
  const look = async () => (await consider(ports, [{ subject, avro }], judging))[0] ?? assert.fail();
  return { admin, ports, look, kept: recorded.kept, make: async () => evolve(ports, await look()) };
};

test("evolve: registers under the raised level, looks it up again, and writes it down", async () => {
  const { admin, make, kept, look } = setUp(grown, [first]);
  const made = await make();
  assert.deepEqual(made, { kind: "evolved", subject, version: 2, id: 2, registered: true, recorded: 2 });
  assert.deepEqual(admin.calls, [`setLevel ${subject} ${subjectLevel}`, `register ${subject}`]);
  assert.deepEqual(
    kept.map(({ number }) => number),
    [1, 2],
  );
  assert.equal((await look()).done, true);
});

test("evolve: writes down what is registered already, and registers nothing", async () => {
  const { admin, make, kept } = setUp(grown, [first, grown]);
  assert.equal((await make()).kind, "evolved");
  assert.deepEqual([admin.calls, kept.length], [[], 2]);
});

test("consider: has nothing to do when it is there and written down", async () => {
  assert.equal((await setUp(first, [first]).look()).done, true);
  assert.equal((await setUp(first, [first], memoryHistory()).look()).done, false);
  assert.equal((await setUp(first, []).look()).done, false);
});

test("evolve: goes on when the answer was lost after it took effect", async () => {
  const { admin, make, kept } = setUp(grown, [first]);
  admin.lost = (call) => (call.startsWith("register") ? away() : undefined);
  assert.equal((await make()).kind, "evolved");
  assert.deepEqual([await admin.versions(subject), kept.length], [[1, 2], 2]);
});

test("evolve: fails and writes nothing down when the request was lost before it took effect, and goes on the next time", async () => {
  const { admin, make, kept } = setUp(grown, [first]);
  admin.fault = (call) => (call.startsWith("register") ? away() : undefined);
  await assert.rejects(make(), RegistryUnavailable);
  assert.deepEqual([await admin.versions(subject), kept.length], [[1], 1]);
  admin.fault = () => undefined;
  assert.equal((await make()).kind, "evolved");
});

test("evolve: shows the version that somebody else registered in between, and writes nothing down", async () => {
  const { admin, make, kept } = setUp(grown, [first]);
  admin.fault = (call) => {
    if (call.startsWith("register")) admin.put(subject, of(text, { name: "x", type: "int", default: 0 }));
    return undefined;
  };
  assert.deepEqual(await make(), { kind: "conflict", subject, version: 3, others: [2] });
  assert.equal(kept.length, 1);
});

test("evolve: writes nothing when its right to is lost", async () => {
  const { admin, ports, look } = setUp(grown, [first]);
  const lost = { ...ports, confirm: async () => Promise.reject(new Error("lost")) };
  await assert.rejects(evolve(lost, await look()), /lost/);
  assert.deepEqual(admin.calls, []);
});

const stops: readonly [what: string, trouble: string, set: () => ReturnType<typeof setUp>][] = [
  ["an earlier version cannot be read", "", () => setUp(broken, [first])],
  ["only the repository knows a version that cannot be read", "", () => setUp(broken, [])],
  [
    "the registry says no and this engine yes",
    "ENGINES_DISAGREE",
    () => {
      const all = setUp(grown, [first]);
      all.admin.opinion = false;
      return all;
    },
  ],
  [
    "the registry says yes and this engine no",
    "ENGINES_DISAGREE",
    () => {
      const all = setUp(broken, [first]);
      all.admin.opinion = true;
      return all;
    },
  ],
  [
    "the mode takes no writes",
    "MODE_NOT_READWRITE",
    () => {
      const all = setUp(grown, [first]);
      all.admin.modes.set(subject, "READONLY");
      return all;
    },
  ],
  ["there is a version of another kind", "NOT_AVRO", () => setUp(grown, [first, undefined])],
];
for (const [what, trouble, set] of stops) {
  test(`consider: stops when ${what}`, async () => {
    const { look, admin } = set();
    const { stopped, look: found } = await look();
    assert.equal(stopped, true);
    if (trouble !== "")
      assert.deepEqual(
        found.troubles.map(({ code }) => code),
        [trouble],
      );
    if (found.versions.length > 0) assert.equal(stateOf(found).compatible, false);
    assert.deepEqual(admin.calls, []);
  });
}

test("consider: stops at a level that somebody else chose, which a deployment names by itself", async () => {
  const { admin, look } = setUp(grown, [first]);
  await admin.setLevel(subject, "FULL");
  const { stopped, look: found } = await look();
  assert.deepEqual([stopped, found.troubles.map(({ code }) => code)], [true, ["OTHER_LEVEL"]]);
  assert.deepEqual(stateOf(found), { latest: 1, registered: false, compatible: true, level: "FULL" });
});

test("stateOf: says in words why a schema is not taken", async () => {
  const { look } = setUp(broken, [first]);
  assert.match(stateOf((await look()).look).why ?? "", /^FIELD_NO_DEFAULT n.R.n: it was not written/);
});
