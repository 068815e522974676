// Coalescing: who shares a call with whom, in which order, and what a failed call does to its neighbours.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fatal } from "../../engine/errors.ts";
import { coalesce } from "./coalesce.ts";
import { settled } from "../../engine/testing/stepped-clock.ts";

/** A function of many whose calls end when the test says so. */
const held = () => {
  const calls: {
    readonly items: readonly number[];
    readonly end: (answers: readonly string[]) => void;
    readonly fail: (error: Error) => void;
  }[] = [];
  const run = (items: readonly number[]): Promise<readonly string[]> =>
    new Promise((resolve, reject) => calls.push({ items, end: resolve, fail: reject }));
  return { calls, run };
};

test("coalesce: asks at once when nothing is in flight, and everything that waits when that ends", async () => {
  const { calls, run } = held();
  const { ask, waiting } = coalesce(run, { maxItems: 100 });
  const answers = [ask(1), ask(2), ask(3)];
  assert.deepEqual(
    calls.map(({ items }) => items),
    [[1]],
  );
  assert.equal(waiting(), 3);
  calls[0]?.end(["one"]);
  await settled();
  assert.deepEqual(
    calls.map(({ items }) => items),
    [[1], [2, 3]],
  );
  calls[1]?.end(["two", "three"]);
  assert.deepEqual(await Promise.all(answers), ["one", "two", "three"]);
  assert.equal(waiting(), 0);
});

test("coalesce: splits what waits when it is more than a call may hold", async () => {
  const { calls, run } = held();
  const { ask } = coalesce(run, { maxItems: 2 });
  const answers = Promise.all([1, 2, 3, 4].map(ask));
  for (let at = 0; at < 3; at += 1) {
    calls[at]?.end((calls[at]?.items ?? []).map(String));
    await settled();
  }
  assert.deepEqual(
    calls.map(({ items }) => items),
    [[1], [2, 3], [4]],
  );
  assert.deepEqual(await answers, ["1", "2", "3", "4"]);
});

test("coalesce: has as many calls in flight as it has lanes, and what waits goes with the first that is free", async () => {
  const { calls, run } = held();
  const { ask, waiting } = coalesce(run, { maxItems: 2, lanes: 2 });
  const answers = [1, 2, 3, 4, 5].map(ask);
  assert.deepEqual(
    calls.map(({ items }) => items),
    [[1], [2]],
  );
  calls[1]?.end(["two"]);
  assert.equal(await answers[1], "two");
  await settled();
  assert.equal(waiting(), 4);
  calls[2]?.end(["three", "four"]);
  await settled();
  assert.deepEqual(
    calls.map(({ items }) => items),
    [[1], [2], [3, 4], [5]],
  );
  calls[3]?.end(["five"]);
  calls[0]?.end(["one"]);
  assert.deepEqual(await Promise.all(answers), ["one", "two", "three", "four", "five"]);
  assert.equal(waiting(), 0);
});

test("coalesce: fails those of a call, and no others, when it rejects", async () => {
  const { calls, run } = held();
  const { ask } = coalesce(run, { maxItems: 100 });
  const [first, second, third] = [ask(1), ask(2), ask(3)];
  calls[0]?.fail(new Error("away"));
  await assert.rejects(first, /away/);
  await settled();
  calls[1]?.end(["two", "three"]);
  assert.deepEqual(await Promise.all([second, third]), ["two", "three"]);
});

test("coalesce: fails a call when its answers are not as many as its items", async () => {
  const { ask } = coalesce(async () => ["one", "too many"], { maxItems: 100 });
  await assert.rejects(ask(1), (error) => error instanceof Fatal && error.code === "COALESCE_ANSWERS");
});

test("coalesce: makes further calls when run throws instead of rejecting", async () => {
  let calls = 0;
  const { ask } = coalesce(
    (items: readonly number[]) => {
      calls += 1;
      if (calls === 1) throw new Error("thrown");
      return Promise.resolve(items);
    },
    { maxItems: 100 },
  );
  await assert.rejects(ask(1), /thrown/);
  assert.equal(await ask(2), 2);
});

test("coalesce: gives every item its own answer, in order, one call at a time, whatever the timing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      async (gaps, maxItems) => {
        let inFlight = 0;
        const order: number[] = [];
        const { ask } = coalesce(
          async (items: readonly number[]) => {
            inFlight += 1;
            assert.equal(inFlight, 1);
            assert.ok(items.length <= maxItems);
            order.push(...items);
            for (let turn = 0; turn < items.length % 3; turn += 1) await Promise.resolve();
            inFlight -= 1;
            return items.map((item) => item * 2);
          },
          { maxItems },
        );
        const answers: Promise<number>[] = [];
        for (const [at, gap] of gaps.entries()) {
          answers.push(ask(at));
          for (let turn = 0; turn < gap; turn += 1) await Promise.resolve();
        }
        assert.deepEqual(
          await Promise.all(answers),
          gaps.map((_, at) => at * 2),
        );
        assert.deepEqual(
          order,
          gaps.map((_, at) => at),
        );
      },
    ),
    { numRuns: 100 },
  );
});
