/** The table of windows names only what there is, and every window has a place in it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { mutants } from "../sim/coupons/mutants.ts";
import { choose, faults, payFaults } from "./faults.ts";
import { payPoints } from "./payments/points.ts";
import { failPoints } from "./coupons/points.ts";
import { type Trial, windows } from "./windows.ts";

const exists = ({ kind, name, title = "" }: Trial): boolean => {
  if (kind === "fault") return [...faults, ...payFaults].some((fault) => fault.name === name);
  if (kind === "fail point") return [...failPoints, ...payPoints].some((point) => point.name === name);
  if (kind === "mutant") return mutants.some(({ breaks }) => breaks.startsWith(name));
  return readFileSync(name, "utf8").includes(title);
};

test("windows: each of the 34 has its place, and is tried or says why not", () => {
  assert.deepEqual(
    windows.map(({ number }) => number),
    Array.from({ length: 34 }, (_, n) => n + 1),
  );
  for (const { number, tried, open } of windows) assert.ok(tried.length > 0 || open !== undefined, `window ${number}`);
});

test("windows: name no fault, fail point, test or mutant that is not there", () => {
  const named = windows.flatMap(({ number, tried }) => tried.map((trial) => ({ number, ...trial })));
  assert.deepEqual(
    named.filter((trial) => !exists(trial)),
    [],
  );
  assert.ok(named.length > 60);
});

test("faults: have names of their own, and windows that are in the table", () => {
  const all = [...faults, ...payFaults, ...failPoints, ...payPoints];
  assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
  assert.deepEqual(
    all.filter((one) => one.windows.some((number) => !windows.some((window) => window.number === number))),
    [],
  );
  assert.ok(failPoints.length >= 25 && payPoints.length >= 25);
});

test("choice: takes all, some by name or by how they begin, and names what nothing has", () => {
  assert.deepEqual([choose([]).faults.length, choose([]).payFaults.length], [faults.length, payFaults.length]);
  assert.deepEqual(
    choose(["redis-*"]).faults.map(({ name }) => name),
    faults.map(({ name }) => name).filter((name) => name.startsWith("redis-")),
  );
  const one = choose(["release-before"]);
  assert.deepEqual(
    [one.points, one.faults.map(({ name }) => name)],
    [["release-before"], ["crash-1", "crash-100", "crash-500"]],
  );
  assert.deepEqual(choose(["kill", "kil"]).unknown, ["kil"]);
  const some = choose(["relay-mark-*", "pay-kill"]);
  assert.deepEqual(
    [some.faults, some.payFaults.map(({ name }) => name), some.points],
    [[], ["pay-crash", "pay-kill"], ["relay-mark-before", "relay-mark-sent", "relay-mark-after"]],
  );
});
