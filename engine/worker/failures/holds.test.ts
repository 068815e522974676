/** Holds: calls of one name and place are one story, from the first that waits to the last. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Blocked, Retriable, Unavailable } from "../../errors.ts";
import { readinessOf } from "../../readiness.ts";
import { createHolds, unreadyReasons } from "./holds.ts";

const away = new Unavailable("platform", "refused");

test("holds: lanes of one call are one hold, from the first that waits to the last that goes on", () => {
  let now = 1_000;
  const holds = createHolds({ now: () => now });
  assert.equal(holds.keep("t/0", "write", { error: away, failures: 1 }), true);
  now = 2_000;
  assert.equal(holds.keep("t/0", "write", { error: away, failures: 1 }), false);
  assert.equal(holds.keep("t/0", "write", { error: away, failures: 2 }), false);
  assert.equal(holds.end("t/0", "write"), false);
  assert.deepEqual(
    holds.list().map(({ call, who, sinceMs }) => [call, who, sinceMs]),
    [["write", "platform", 1_000]],
  );
  assert.equal(holds.end("t/0", "write"), true);
  assert.deepEqual(holds.list(), []);
  assert.equal(holds.end("t/0", "write"), false);
});

test("holds: partitions hold apart, and a hold that begins again has a new beginning", () => {
  let now = 1_000;
  const holds = createHolds({ now: () => now });
  holds.keep("t/0", "write", { error: away, failures: 1 });
  assert.equal(holds.keep("t/1", "write", { error: away, failures: 1 }), true);
  holds.end("t/0", "write");
  now = 5_000;
  holds.keep("t/0", "write", { error: away, failures: 1 });
  assert.deepEqual(
    holds
      .list()
      .map(({ sinceMs }) => sinceMs)
      .sort(),
    [1_000, 5_000],
  );
});

test("holds: make the process unready after their grace, unless the dependency is optional", () => {
  const holds = createHolds({ now: () => 0 });
  holds.keep("t/0", "write", { error: away, failures: 1 });
  assert.deepEqual(unreadyReasons(holds.list(), { graceMs: 10_000, optionalDependencies: [] }, 9_999), []);
  assert.equal(unreadyReasons(holds.list(), { graceMs: 10_000, optionalDependencies: [] }, 10_000).length, 1);
  assert.deepEqual(unreadyReasons(holds.list(), { graceMs: 10_000, optionalDependencies: ["platform"] }, 99_999), []);
});

test("holds: say what is away, for how long, and how many calls wait", () => {
  const holds = createHolds({ now: () => 0 });
  const why = (now: number) =>
    unreadyReasons(holds.list(), { graceMs: 10_000, optionalDependencies: ["platform"] }, now).map((one) => [
      one.code,
      one.why,
    ]);
  for (const call of ["write", "write", "read"])
    holds.keep("t/0", call, { error: new Unavailable("database", "node is\n not ready"), failures: 1 });
  assert.deepEqual(why(12_000), [
    [
      "DEPENDENCY_AWAY",
      "database has been away for 12 s, and holds 3 call(s): write, read (database is unavailable: node is not ready)",
    ],
  ]);
  for (const call of ["write", "write", "read"]) holds.end("t/0", call);
  assert.deepEqual(why(12_000), []);
  holds.keep("t/0", "dead letters", { error: new Retriable("DEAD_LETTER_FLOOD", "too many"), failures: 1 });
  assert.deepEqual(why(12_000), [
    ["DEAD_LETTER_FLOOD", "DEAD_LETTER_FLOOD has lasted for 12 s, and holds 1 call(s): dead letters (too many)"],
  ]);
});

test("holds: name what is missing, and call nothing away, when nothing is", () => {
  const holds = createHolds({ now: () => 0 });
  const error = new Blocked("UNKNOWN_SCHEMA", "the registry has no schema 77 yet");
  holds.keep("t/0", "decode", { error, failures: 1 });
  assert.deepEqual(unreadyReasons(holds.list(), { graceMs: 10_000, optionalDependencies: ["registry"] }, 12_000), [
    {
      code: "UNKNOWN_SCHEMA",
      why: "UNKNOWN_SCHEMA has lasted for 12 s, and holds 1 call(s): decode (the registry has no schema 77 yet)",
    },
  ]);
});

test("holds: keep the set of codes closed when an application has codes of its own", () => {
  const holds = createHolds({ now: () => 0 });
  for (let n = 0; n < 1_000; n += 1)
    holds.keep("t/0", `call ${n}`, { error: new Blocked(`OWN_CODE_${n}`, "wait"), failures: 1 });
  const { codes, why } = readinessOf(
    unreadyReasons(holds.list(), { graceMs: 10_000, optionalDependencies: [] }, 12_000),
  );
  assert.deepEqual(codes, ["HELD"]);
  assert.match(why[0] ?? "", /^OWN_CODE_0 has lasted for 12 s/);
});

test("holds: know since when it has been this very error when it was another before", () => {
  let now = 0;
  const holds = createHolds({ now: () => now });
  const fenced = new Retriable("FENCED", "another has it");
  holds.keep("t/0", "write", { error: away, failures: 1 });
  now = 600_000;
  holds.keep("t/0", "write", { error: fenced, failures: 2 });
  now = 600_500;
  holds.keep("t/0", "write", { error: fenced, failures: 3 });
  assert.deepEqual(
    holds.list().map(({ sinceMs, codeSinceMs }) => [sinceMs, codeSinceMs]),
    [[0, 600_000]],
  );
});
