/** Positions in the queue: what is said of one when the log was looked at, once and several times. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createQueueState, type PartitionLook, placeFrom, textOfPlace } from "./queue-position.ts";

/** A state that was told looks at one partition, `[seconds, committed, end]`. */
const looked = (...looks: readonly (readonly [number, number | undefined, number])[]) => {
  const state = createQueueState();
  for (const [seconds, committed, end] of looks) {
    const look = { committed: committed === undefined ? undefined : BigInt(committed), end: BigInt(end) };
    state.looked({ atMs: seconds * 1_000, partitions: [look] });
  }
  return (offset: number) => state.positionOf({ partition: 0, offset: BigInt(offset) });
};

test("queue position: is not known when nothing was looked at, or not its partition", () => {
  assert.equal(createQueueState().positionOf({ partition: 0, offset: 1n }), undefined);
  const state = createQueueState();
  state.looked({ atMs: 0, partitions: [{ committed: 1n, end: 9n }] });
  assert.equal(state.positionOf({ partition: 1, offset: 1n }), undefined);
});

test("queue position: counts what is not committed before it, and all of it when nothing ever was", () => {
  assert.deepEqual(looked([0, 10, 100])(60), { before: 50 });
  assert.deepEqual(looked([0, undefined, 100])(60), { before: 60 });
});

test("queue position: is 0 when it is the next, and when it was passed", () => {
  const positionOf = looked([0, 10, 100], [10, 20, 100]);
  assert.deepEqual(positionOf(20), { before: 0, aboutSeconds: 1 });
  assert.deepEqual(positionOf(19), { before: 0 });
});

test("queue position: says how long it takes at the pace of the looks when they are two seconds apart", () => {
  assert.deepEqual(looked([0, 0, 900], [1, 100, 900])(600), { before: 500 });
  assert.deepEqual(looked([0, 0, 900], [1, 100, 900], [2, 200, 900])(600), { before: 400, aboutSeconds: 5 });
});

test("queue position: forgets the pace of half a minute ago", () => {
  assert.deepEqual(looked([0, 0, 9_000], [10, 5_000, 9_000], [50, 5_000, 9_000])(6_000), { before: 1_000 });
  const slower = looked([0, 0, 9_000], [30, 6_000, 9_000], [35, 6_500, 9_000], [60, 6_600, 9_000]);
  assert.deepEqual(slower(6_640), { before: 40, aboutSeconds: 3 });
});

test("queue position: says no time when nothing moves, and when it would be more than an hour", () => {
  assert.deepEqual(looked([0, 5, 900], [9, 5, 900])(600), { before: 595 });
  assert.deepEqual(looked([0, 0, 90_000], [10, 10, 90_000])(4_000), { before: 3_990 });
});

test("queue position: takes no quiet time for a slow pace when a burst comes after it", () => {
  const burst = [
    [0, 5, 5],
    [20, 6, 6],
    [21, 6, 5_000],
    [22, 1_006, 5_000],
    [23, 2_006, 5_000],
  ] as const;
  assert.deepEqual(looked(...burst)(4_005), { before: 1_999, aboutSeconds: 2 });
});

test("queue position: does not rise when an operator takes the group back, and begins anew when the topic was made anew", () => {
  const rewound = looked([0, 50, 100], [3, 20, 100]);
  assert.deepEqual(rewound(60), { before: 10 });
  assert.deepEqual(looked([0, 50, 100], [3, undefined, 10])(8), { before: 8 });
});

test("queue position: changes nothing when it is told of a look twice", () => {
  assert.deepEqual(looked([0, 0, 900], [2, 200, 900], [2, 200, 900])(600), { before: 400, aboutSeconds: 5 });
});

test("queue position: never rises, and is never negative, when looks say anything about a topic that only grows", () => {
  const step = fc.record({
    committed: fc.option(fc.nat(1_000), { nil: undefined }),
    grown: fc.nat(300),
    ms: fc.nat(9_000),
  });
  fc.assert(
    fc.property(fc.nat(900), fc.array(step, { maxLength: 30 }), (offset, steps) => {
      const state = createQueueState();
      let [atMs, end, last] = [0, 1_000, Number.POSITIVE_INFINITY];
      for (const { committed, grown, ms } of steps) {
        atMs += ms;
        end += grown;
        const look: PartitionLook = {
          committed: committed === undefined ? undefined : BigInt(committed),
          end: BigInt(end),
        };
        state.looked({ atMs, partitions: [look] });
        const { before, aboutSeconds = 1 } =
          state.positionOf({ partition: 0, offset: BigInt(offset) }) ?? assert.fail();
        assert.ok(before >= 0 && before <= last && Number.isInteger(aboutSeconds) && aboutSeconds >= 1);
        last = before;
      }
    }),
  );
});

test("queue position: is read back as it was written, and from nothing else", () => {
  const place = { partition: 11, offset: 12_345_678_901_234n };
  assert.deepEqual(placeFrom(textOfPlace(place)), place);
  for (const text of [
    "",
    "1",
    "1-",
    "-1",
    "01-1",
    "1-01",
    "1-1 ",
    "1--1",
    "1-1e3",
    "9999999-1",
    `1-${"9".repeat(19)}`,
    1,
    null,
  ])
    assert.equal(placeFrom(text), undefined, String(text));
});
