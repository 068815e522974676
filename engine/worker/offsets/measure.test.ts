/** Measuring where partitions end: bounded in number and time, and never a failure of who asks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../errors.ts";
import { silentLogger } from "../../logger.ts";
import type { Position } from "../../log/log.ts";
import { settled, steppedClock } from "../../testing/stepped-clock.ts";
import { createMeasure } from "./measure.ts";

const positionsAt = (end: bigint): ReadonlyMap<string, Position> => new Map([["t/0", { next: 0n, end }]]);

const stage = (answer: () => Promise<ReadonlyMap<string, Position>>) => {
  const { clock, step } = steppedClock();
  const seen: bigint[] = [];
  const asked = { times: 0 };
  const measure = createMeasure({
    positions: () => {
      asked.times += 1;
      return answer();
    },
    found: (positions) => seen.push(...[...positions.values()].map(({ end }) => end)),
    clock,
    logger: silentLogger,
    limits: { everyMs: 5_000, waitMs: 2_000 },
  });
  return { measure, seen, asked, step };
};

test("measure: asks once when many look at once, and again only after its time", async () => {
  const { measure, seen, asked, step } = stage(async () => positionsAt(7n));
  await Promise.all([measure(), measure(), measure()]);
  await measure();
  assert.deepEqual([asked.times, seen], [1, [7n]]);
  await step(5_000);
  await measure();
  assert.equal(asked.times, 2);
});

test("measure: keeps what is known, and asks again later, when the log is away", async () => {
  let away = true;
  const { measure, seen, asked, step } = stage(async () => {
    if (away) throw new Unavailable("kafka", "no broker answers");
    return positionsAt(9n);
  });
  await measure();
  assert.deepEqual([asked.times, seen], [1, []]);
  away = false;
  await step(5_000);
  await measure();
  assert.deepEqual(seen, [9n]);
});

test("measure: lets who asks go on, and asks nothing else meanwhile, when the answer is slow", async () => {
  const late = Promise.withResolvers<ReadonlyMap<string, Position>>();
  const { measure, seen, asked, step } = stage(() => late.promise);
  let done = 0;
  void measure().then(() => (done += 1));
  await step(1_999);
  assert.equal(done, 0);
  await step(1);
  assert.equal(done, 1);
  await step(10_000);
  void measure().then(() => (done += 1));
  await step(2_000);
  assert.deepEqual([done, asked.times], [2, 1]);
  late.resolve(positionsAt(3n));
  await settled();
  assert.deepEqual(seen, [3n]);
});
