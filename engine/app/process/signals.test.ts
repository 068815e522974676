// Signals: which of several is the first, the same one, and the last.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startedByNpm, startersOf, watchParent } from "./parent.ts";
import { createSignalJudge } from "./signals.ts";

test("signals: are one when they come within a second, and end it at once when one comes later", () => {
  let now = 5_000;
  const judge = createSignalJudge(() => now);
  assert.equal(judge(), "stop");
  assert.equal(judge(), "same");
  now += 999;
  assert.equal(judge(), "same");
  now += 1;
  assert.equal(judge(), "end");
});

test("parent: is noticed to be gone, once, when npm started the process", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let [parent, gone] = [100, 0];
  watchParent({ isWatched: true, starters: () => [parent], gone: () => gone++ });
  t.mock.timers.tick(5_000);
  assert.equal(gone, 0);
  parent = 1;
  t.mock.timers.tick(5_000);
  assert.equal(gone, 1);
});

test("parent: may go when npm did not start the process", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let parent = 100;
  watchParent({
    isWatched: startedByNpm({ PATH: "/bin" }),
    starters: () => [parent],
    gone: () => assert.fail("watched"),
  });
  parent = 1;
  t.mock.timers.tick(5_000);
  assert.equal(startedByNpm({ npm_lifecycle_event: "sluice" }), true);
});

test("parent: is npm, behind the shell that npm started us by, and nobody behind npm", () => {
  const processes = new Map([
    [30, { name: "dash", parent: 20 }],
    [20, { name: "npm run sluice", parent: 10 }],
    [10, { name: "bash", parent: 1 }],
  ]);
  const factsOf = (id: number) => processes.get(id);
  assert.deepEqual(startersOf(30, factsOf), [30, 20]);
  // A shell that has become what it ran.
  assert.deepEqual(startersOf(20, factsOf), [20]);
  // npm was killed, and its shell is the system's now.
  processes.set(30, { name: "dash", parent: 1 });
  assert.deepEqual(startersOf(30, factsOf), [30, 1]);
  // No such list of processes on this system.
  assert.deepEqual(
    startersOf(30, () => undefined),
    [30],
  );
});
