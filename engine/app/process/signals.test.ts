// Signals: which of several is the first, the same one, and the last.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startedByNpm, watchParent } from "./parent.ts";
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
  watchParent({ isWatched: true, parent: () => parent, gone: () => gone++ });
  t.mock.timers.tick(5_000);
  assert.equal(gone, 0);
  parent = 1;
  t.mock.timers.tick(5_000);
  assert.equal(gone, 1);
});

test("parent: may go when npm did not start the process", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let parent = 100;
  watchParent({ isWatched: startedByNpm({ PATH: "/bin" }), parent: () => parent, gone: () => assert.fail("watched") });
  parent = 1;
  t.mock.timers.tick(5_000);
  assert.equal(startedByNpm({ npm_lifecycle_event: "sluice" }), true);
});
