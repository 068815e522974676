/** Lanes: what a round is, and that no key is ever in two of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createLanes, type Queued } from "./lanes.ts";

interface Numbered extends Queued {
  readonly n: number;
}
const record = (n: number, lane: string): Numbered => ({ n, lane, sizeBytes: 10 });
const numbers = (round: readonly Numbered[]): readonly number[] => round.map(({ n }) => n);

test("lanes: give a hot key the whole round when everything queued is its own", () => {
  const lanes = createLanes<Numbered>({ remember: true });
  lanes.add([1, 2, 3, 4, 5].map((n) => record(n, "hot")));
  assert.deepEqual(numbers(lanes.take(3)), [1, 2, 3]);
});

test("lanes: end a round before the record that is too many bytes, and give one that alone is too many a round", () => {
  const lanes = createLanes<Numbered>({ remember: true });
  lanes.add([1, 2, 3].map((n) => record(n, "hot")));
  lanes.add([{ ...record(4, "cold"), sizeBytes: 1_000 }]);
  assert.deepEqual(numbers(lanes.take(10, 25)), [1, 2]);
  assert.deepEqual(numbers(lanes.take(10, 25)), [4]);
});

test("lanes: put cold keys in one round, in offset order, when none is in flight", () => {
  const lanes = createLanes<Numbered>({ remember: true });
  lanes.add([record(1, "a"), record(2, "b"), record(3, "a"), record(4, "c")]);
  assert.deepEqual(numbers(lanes.take(10)), [1, 2, 3, 4]);
});

test("lanes: leave a key's records where they are when the key is in flight", () => {
  const lanes = createLanes<Numbered>({ remember: true });
  lanes.add([record(1, "a"), record(2, "a"), record(3, "b")]);
  const first = lanes.take(1);
  assert.deepEqual(numbers(lanes.take(10)), [3]);
  assert.deepEqual(numbers(lanes.take(10)), []);
  lanes.release(first);
  assert.deepEqual(numbers(lanes.take(10)), [2]);
});

test("lanes: count what is queued, in records and bytes, when rounds come and go", () => {
  const lanes = createLanes<Numbered>({ remember: true });
  lanes.add([record(1, "a"), record(2, "b")]);
  lanes.take(1);
  assert.deepEqual([lanes.queuedRecords(), lanes.busyLanes()], [1, 1]);
});

test("lanes: count what waits behind a held key, and nothing else, when some are held", () => {
  const lanes = createLanes<Numbered>({ remember: true });
  lanes.add([record(1, "a"), record(2, "b"), record(3, "a")]);
  assert.equal(lanes.heldRecords(), 0);
  lanes.hold("a");
  lanes.add([record(4, "a")]);
  assert.equal(lanes.heldRecords(), 3);
  lanes.letGo("a");
  assert.equal(lanes.heldRecords(), 0);
});

test("lanes: keep every key in order and in one round at a time when rounds overlap at random", () => {
  const action = fc.oneof(
    fc.record({ add: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 20 }) }),
    fc.record({ take: fc.integer({ min: 1, max: 8 }) }),
    fc.record({ release: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (script) => {
      const lanes = createLanes<Numbered>({ remember: true });
      const inFlight: (readonly Numbered[])[] = [];
      const seen = new Map<string, number>();
      let n = 0;
      for (const step of script) {
        if ("add" in step) lanes.add(step.add.map((key) => record(n++, `k${key}`)));
        if ("release" in step && inFlight.length > 0)
          lanes.release(inFlight.splice(step.release % inFlight.length, 1).flat());
        if (!("take" in step)) continue;
        const busy = new Set(inFlight.flat().map(({ lane }) => lane));
        const round = lanes.take(step.take);
        assert.ok(round.length <= step.take);
        for (const { lane, n: at } of round) {
          assert.ok(!busy.has(lane), `${lane} is in two rounds`);
          assert.ok(at > (seen.get(lane) ?? -1), `${lane} went back`);
          seen.set(lane, at);
        }
        if (round.length > 0) inFlight.push(round);
      }
      while (inFlight.length > 0 || lanes.queuedRecords() > 0) {
        lanes.release(inFlight.splice(0, 1).flat());
        const round = lanes.take(5);
        if (round.length > 0) inFlight.push(round);
      }
      assert.deepEqual([lanes.queuedRecords(), lanes.busyLanes()], [0, 0]);
    }),
    { numRuns: 200 },
  );
});

test("lanes: queue a delivery whole when it has more records than a call may have arguments", () => {
  const lanes = createLanes<Numbered>({ remember: false });
  lanes.add(Array.from({ length: 300_000 }, (_, n) => record(n, "hot")));
  assert.equal(lanes.queuedRecords(), 300_000);
});

const allOf = { minRound: 1, maxRound: 10, maxBytes: 1_000, isFull: false };

test("lanes: give a second round of a key when the first one is past what may run ahead, and no third", () => {
  const lanes = createLanes<Numbered>({ remember: true });
  lanes.add([1, 2, 3].map((n) => record(n, "hot")));
  const first = lanes.take(1);
  assert.deepEqual(lanes.takeAhead(first, allOf), []);
  lanes.pass(first);
  const second = lanes.takeAhead(first, { ...allOf, maxRound: 1 });
  assert.deepEqual([numbers(second), lanes.isFirst(second)], [[2], false]);
  assert.deepEqual([numbers(lanes.takeAhead(first, allOf)), numbers(lanes.take(10))], [[], []]);
  lanes.release(first);
  assert.equal(lanes.isFirst(second), true);
  // The key is in flight still, by the second one.
  assert.deepEqual([numbers(lanes.takeAhead(second, allOf)), numbers(lanes.take(10))], [[], []]);
  lanes.pass(second);
  assert.deepEqual(numbers(lanes.takeAhead(second, allOf)), [3]);
});

test("lanes: end each of two holds on a key once when rounds have many records of it", () => {
  const lanes = createLanes<Numbered>({ remember: true });
  lanes.add([1, 2, 3, 4, 5].map((n) => record(n, "hot")));
  const first = lanes.take(2);
  lanes.pass(first);
  const second = lanes.takeAhead(first, { ...allOf, maxRound: 2 });
  lanes.release(first);
  assert.deepEqual(numbers(lanes.take(10)), []);
  lanes.release(second);
  assert.deepEqual(numbers(lanes.take(10)), [5]);
});

test("lanes: take nothing ahead when it is less than is asked for, or of a key that is kept out", () => {
  const lanes = createLanes<Numbered>({ remember: true });
  lanes.add([record(1, "a"), record(2, "b"), record(3, "a"), record(4, "b"), record(5, "cold")]);
  const first = lanes.take(2);
  lanes.pass(first);
  assert.deepEqual(lanes.takeAhead(first, { ...allOf, minRound: 3 }), []);
  assert.equal(lanes.close("b"), false);
  // A key that is not in flight is no round's that runs ahead.
  assert.deepEqual(numbers(lanes.takeAhead(first, allOf)), [3]);
  assert.deepEqual(numbers(lanes.take(10)), [5]);
});

test("lanes: keep a key behind its own round alone when another round is stuck", () => {
  const lanes = createLanes<Numbered>({ remember: true });
  lanes.add([record(1, "stuck"), record(2, "quick")]);
  const [stuck, quick] = [lanes.take(1), lanes.take(1)];
  lanes.add([record(3, "stuck"), record(4, "quick")]);
  lanes.pass(stuck);
  lanes.pass(quick);
  const ahead = lanes.takeAhead(quick, allOf);
  assert.deepEqual(numbers(ahead), [4]);
  lanes.release(quick);
  assert.equal(lanes.isFirst(ahead), true);
});

test("lanes: take nothing ahead when no round may begin and a free key has waited longer", () => {
  const lanes = createLanes<Numbered>({ remember: true });
  lanes.add([record(1, "hot")]);
  const first = lanes.take(1);
  lanes.add([record(2, "cold"), record(3, "hot")]);
  lanes.pass(first);
  assert.deepEqual(lanes.takeAhead(first, { ...allOf, isFull: true }), []);
  assert.deepEqual(numbers(lanes.take(10)), [2]);
  assert.deepEqual(numbers(lanes.takeAhead(first, { ...allOf, isFull: true })), [3]);
});

test("lanes: say that a key was touched when its round was taken ahead", () => {
  const lanes = createLanes<Numbered>({ remember: true });
  lanes.add([record(1, "hot"), record(2, "hot")]);
  const first = lanes.take(1);
  lanes.pass(first);
  assert.deepEqual([...lanes.touched()], ["hot"]);
  lanes.takeAhead(first, allOf);
  assert.deepEqual([...lanes.touched()], ["hot"]);
});
