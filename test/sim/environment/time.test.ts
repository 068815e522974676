/** Virtual time and seeded chance: what a seed's reproducibility rests on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createDice } from "./dice.ts";
import { beginningAt, createTime } from "./time.ts";

const never = Number.POSITIVE_INFINITY;

test("dice: draw the same for the same seed, and something else for the next", () => {
  const drawn = (seed: number) => Array.from({ length: 8 }, createDice(seed).next);
  assert.deepEqual(drawn(1), drawn(1));
  assert.notDeepEqual(drawn(1), drawn(2));
  const dice = createDice(3);
  const whole = Array.from({ length: 1_000 }, () => dice.between(2, 4));
  assert.deepEqual([...new Set(whole)].toSorted(), [2, 3, 4]);
});

test("time: wakes sleepers in the order of their times, and not of their calls", async () => {
  const time = createTime(createDice(1));
  const woken: number[] = [];
  for (const ms of [50, 5, 500, 20, 5_000, 1]) void time.sleep(ms).then(() => woken.push(time.now() - beginningAt));
  assert.equal(await time.passUntil(() => false, never), false);
  assert.deepEqual(woken, [1, 5, 20, 50, 500, 5_000]);
});

test("time: settles every promise that can settle before the next turn", async () => {
  const time = createTime(createDice(1));
  const steps: string[] = [];
  const walk = async (name: string): Promise<void> => {
    await time.sleep(10);
    for (let step = 0; step < 5; step += 1) steps.push(`${name}${await step}`);
  };
  void walk("a");
  void walk("b");
  await time.passUntil(() => steps.length === 10, never);
  const [first] = steps;
  const own = steps.slice(0, 5);
  assert.ok(first !== undefined && own.every((step) => step[0] === first[0]), steps.join());
});

test("time: wakes at once when the signal aborts, and stops at the deadline", async () => {
  const time = createTime(createDice(1));
  const waking = new AbortController();
  let woken = 0;
  void time.sleep(1_000, waking.signal).then(() => woken++);
  time.after(10, () => waking.abort());
  assert.equal(await time.passUntil(() => woken === 1, never), true);
  assert.equal(time.now() - beginningAt, 10);
  void time.sleep(1_000).then(() => woken++);
  assert.equal(await time.passUntil(() => woken === 2, beginningAt + 500), false);
});
