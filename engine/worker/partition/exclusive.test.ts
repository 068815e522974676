/** Tasks that have a lane to themselves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createExclusiveTasks } from "./exclusive.ts";
import { createLanes } from "./lanes.ts";

const record = (lane: string) => ({ lane, sizeBytes: 1 });

const stage = () => {
  const lanes = createLanes<ReturnType<typeof record>>({ remember: false });
  const running: Promise<void>[] = [];
  const state = { mayBegin: true, ended: 0 };
  const tasks = createExclusiveTasks(lanes, {
    mayBegin: () => state.mayBegin,
    track: (task) => void running.push(task),
    ended: () => {
      state.ended++;
      tasks.pump();
    },
  });
  return { lanes, tasks, state, running };
};

test("exclusive tasks: begins at once and keeps rounds out of its lane, and of no other, when nothing is in flight", async () => {
  const { lanes, tasks, running } = stage();
  const leave = Promise.withResolvers<string>();
  lanes.add([record("a"), record("b")]);
  const task = tasks.run("a", () => leave.promise);
  assert.deepEqual(lanes.take(10), [record("b")]);
  leave.resolve("done");
  assert.equal(await task, "done");
  await Promise.all(running);
  assert.deepEqual(lanes.take(10), [record("a")]);
});

test("exclusive tasks: waits for the round that has its lane, and goes before the next one", async () => {
  const { lanes, tasks } = stage();
  lanes.add([record("a")]);
  const round = lanes.take(10);
  let begun = false;
  const task = tasks.run("a", async () => {
    begun = true;
  });
  lanes.add([record("a")]);
  tasks.pump();
  assert.equal(begun, false);
  lanes.release(round);
  assert.deepEqual(lanes.take(10), [], "the lane is kept for the task");
  tasks.pump();
  assert.equal(begun, true);
  await task;
});

test("exclusive tasks: runs tasks of one lane one after the other, and rejects as they do", async () => {
  const { tasks, running, lanes } = stage();
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const one = tasks.run("a", async () => {
    order.push("one begins");
    await first.promise;
    order.push("one fails");
    throw new Error("one");
  });
  const two = tasks.run("a", async () => void order.push("two"));
  first.resolve();
  await assert.rejects(one, /one/);
  await two;
  await Promise.all(running);
  assert.deepEqual(order, ["one begins", "one fails", "two"]);
  lanes.add([record("a")]);
  assert.equal(lanes.take(10).length, 1);
});

test("exclusive tasks: gives up what has not begun when the partition leaves", async () => {
  const { tasks, state } = stage();
  state.mayBegin = false;
  const task = tasks.run("a", async () => "never");
  tasks.leave();
  assert.equal(await task, undefined);
});
