// Distinguishing the processes of a stack from all others.
import assert from "node:assert/strict";
import { test } from "node:test";
import { endProcesses, findProcess, findSame, isMarked, parseStat } from "./processes.ts";

/** A line of /proc/PID/stat with the fields that count: the state is the 3rd, the start the 22nd, the memory the 24th. */
function stat(name: string, state: string): string {
  const fields = Array.from({ length: 50 }, (_, i) => String(i + 4));
  fields[18] = "987654";
  fields[20] = "512";
  return `4711 (${name}) ${state} ${fields.join(" ")}`;
}

test("parseStat: reads the start and the memory", () => {
  assert.deepEqual(parseStat(stat("java", "S")), { startTicks: "987654", residentPages: 512 });
});

test("parseStat: is not misled by blanks and parentheses in a name", () => {
  assert.deepEqual(parseStat(stat("a) S 1 (b", "R")), { startTicks: "987654", residentPages: 512 });
});

test("parseStat: takes a zombie, and what it can't read, for no process", () => {
  assert.equal(parseStat(stat("java", "Z")), undefined);
  assert.equal(parseStat(""), undefined);
});

test("isMarked: wants the whole variable, not a part of it", () => {
  const environ = "PATH=/bin\0SLUICE_STACK=/w/.sluice/stacks/demo\0HOME=/root\0";
  assert.equal(isMarked(environ, "/w/.sluice/stacks/demo"), true);
  assert.equal(isMarked(environ, "/w/.sluice/stacks/dem"), false);
  assert.equal(isMarked("NOT_SLUICE_STACK=/w/a\0", "/w/a"), false);
  assert.equal(isMarked("X=SLUICE_STACK=/w/a\0", "/w/a"), false);
});

test("findSame: finds this process, and not another one that has its pid", async () => {
  const me = await findProcess(process.pid);
  assert.ok(me !== undefined && me.memoryBytes > 1_000_000);
  assert.equal((await findSame(me))?.pid, process.pid);
  assert.equal(await findSame({ pid: process.pid, startTicks: "1" }), undefined);
  assert.equal(await findSame(undefined), undefined);
});

test("endProcesses: does nothing when none is left", async () => {
  assert.equal(await endProcesses(async () => [], { patienceMs: 0 }), 0);
});
