// Whose the processes of a stack are: of a command that works on it, or of one that was killed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ProcessFacts, readFacts, usersOf } from "./users.ts";

const facts = (
  ...all: readonly (readonly [pid: number, parent: number, words: string])[]
): ReadonlyMap<number, ProcessFacts> =>
  new Map(all.map(([pid, parent, words]) => [pid, { parent, words: words.split(" ") }]));
const demo = [20, 10, "node bin/sluice.js demo"] as const;
const api = [21, 20, "/n/bin/node /w/bin/sluice.js api"] as const;
const workers = [22, 20, "/n/bin/node /w/bin/sluice.js worker --processes 2"] as const;
const worker = [23, 22, "/n/bin/node --max-old-space-size=9 /w/bin/sluice.js worker"] as const;

test("usersOf: names the command and its processes, and no stray, when it lives", () => {
  assert.deepEqual(usersOf(facts([1, 0, "/sbin/init"], [10, 1, "sh"], demo, api, workers, worker), [21, 22, 23]), {
    users: [
      {
        pid: 20,
        command: "sluice demo",
        processes: [
          { pid: 21, command: "sluice api" },
          { pid: 22, command: "sluice worker" },
          { pid: 23, command: "sluice worker" },
        ],
      },
    ],
    strays: [],
  });
});

test("usersOf: names as strays what has another parent because its command was killed, and what it started", () => {
  const left = facts([1, 0, "/sbin/init"], [21, 1, api[2]], [22, 1, workers[2]], worker);
  assert.deepEqual(usersOf(left, [21, 22, 23]), { users: [], strays: [21, 22, 23] });
});

test("usersOf: names a service by its program when the command that starts it is at work", () => {
  const { users } = usersOf(facts([30, 1, "node bin/sluice.js stack up"], [31, 30, "/usr/sbin/mariadbd --x"]), [31]);
  assert.deepEqual(users, [{ pid: 30, command: "sluice stack", processes: [{ pid: 31, command: "mariadbd" }] }]);
});

test("readFacts: knows this process and those above it, and nothing of what is gone", async () => {
  const found = await readFacts([process.pid, 2 ** 30]);
  assert.equal(found.get(process.pid)?.parent, process.ppid);
  assert.ok(found.has(process.ppid));
  assert.ok(!found.has(2 ** 30));
});
