/** How parts are timed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { floorOf, timeCalls } from "./floor.ts";

test("floor: gives units a second and ms a call when units, calls and time are known", () => {
  const floor = floorOf("some", { units: 300_000, calls: 40, seconds: 0.5 });
  assert.deepEqual(floor, {
    ...{ part: "some", units: 300_000, calls: 40, seconds: 0.5 },
    ...{ unitsPerSecond: 600_000, msACall: 12.5 },
  });
});

test("floor: counts neither the first calls nor what prepares one when calls are timed", async () => {
  let nowMs = 0;
  const called: number[] = [];
  const floor = await timeCalls(
    {
      part: "some",
      signal: new AbortController().signal,
      prepare: (n) => {
        nowMs += 1_000;
        return n;
      },
      call: async (n) => {
        called.push(n);
        nowMs += n < 2 ? 500 : 10;
      },
    },
    { calls: 3, warmUp: 2 },
    () => nowMs,
  );
  assert.deepEqual(called, [0, 1, 2, 3, 4]);
  assert.equal(floor.units, 3_000);
  assert.equal(floor.calls, 3);
  assert.equal(floor.msACall, 10);
});

test("floor: begins no call and ends when its signal is aborted", async () => {
  const controller = new AbortController();
  const called: number[] = [];
  const call = async (n: number): Promise<void> => {
    called.push(n);
    if (n === 1) controller.abort(new Error("ended by Ctrl-C"));
  };
  const timed = timeCalls(
    { part: "some", signal: controller.signal, prepare: (n) => n, call },
    { calls: 9, warmUp: 0 },
  );
  await assert.rejects(timed, /ended by Ctrl-C/);
  assert.deepEqual(called, [0, 1]);
});
