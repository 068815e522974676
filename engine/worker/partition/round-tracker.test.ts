/** What outlasts an assignment, and what the next one makes of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inFlight, type Round } from "./in-flight.ts";
import { createLedger } from "../offsets/ledger.ts";
import { createRoundTracker, type Inherited, notInherited } from "./round-tracker.ts";

const feed = { at: { topic: "t", partition: 0 }, ledger: createLedger() };
const roundOf = (...offsets: readonly bigint[]): Round =>
  offsets.map((offset) =>
    inFlight({ offset, timestampMs: 0, key: null, value: null, headers: {} }, { finished: false }, feed),
  );
const offsetsOf = (round: Round): readonly bigint[] => round.map(({ record }) => record.offset);
const fresh = () => createRoundTracker(new Map(), () => {});
const nothing: Inherited = new Map();

test("under way: leaves out what a round of before brought to its end, and keeps the rest in order", async () => {
  const before = fresh();
  before.track(Promise.resolve(), roundOf(1n, 3n));
  before.track(Promise.reject(new Error("refused")), roundOf(2n));
  const own = await notInherited(
    roundOf(1n, 2n, 3n, 4n),
    before.rounds(() => undefined),
  );
  assert.deepEqual(offsetsOf(own), [2n, 4n]);
});

test("under way: lets nothing of a round begin while a round of before has one of its records", async () => {
  const before = fresh();
  const { promise, resolve } = Promise.withResolvers<void>();
  before.track(promise, roundOf(2n));
  let begun = false;
  const own = notInherited(
    roundOf(1n, 2n),
    before.rounds(() => undefined),
  ).finally(() => {
    begun = true;
  });
  await new Promise((next) => setImmediate(next));
  assert.equal(begun, false);
  resolve();
  assert.deepEqual(offsetsOf(await own), [1n]);
});

test("under way: hands on what it inherited and has not fetched again when it ends itself", async () => {
  const first = fresh();
  const { promise, resolve } = Promise.withResolvers<void>();
  first.track(promise, roundOf(5n));
  const second = createRoundTracker(
    first.rounds(() => undefined),
    () => {},
  );
  const third = second.rounds(() => undefined);
  resolve();
  assert.deepEqual(offsetsOf(await notInherited(roundOf(5n, 6n), third)), [6n]);
});

test("under way: forgets what it inherited when it is behind what was committed", async () => {
  const first = fresh();
  first.track(Promise.resolve(), roundOf(5n, 6n));
  const second = createRoundTracker(
    first.rounds(() => undefined),
    () => {},
  );
  assert.deepEqual([...second.rounds(() => 6n).keys()], ["t/0/6"]);
});

test("under way: counts what a round of before has done when the one that waited for it is given up", async () => {
  const first = fresh();
  const { promise, resolve } = Promise.withResolvers<void>();
  first.track(promise, roundOf(5n));
  const inherited = first.rounds(() => undefined);
  const second = createRoundTracker(inherited, () => {});
  const given = notInherited(roundOf(5n, 6n), inherited).then(() => Promise.reject(new Error("leaving")));
  second.track(given, roundOf(5n, 6n));
  resolve();
  assert.deepEqual(
    offsetsOf(
      await notInherited(
        roundOf(5n, 6n),
        second.rounds(() => undefined),
      ),
    ),
    [6n],
  );
});

test("under way: ends when everything has, and tells what failed", async () => {
  const failures: unknown[] = [];
  const tracker = createRoundTracker(nothing, (error) => failures.push(error));
  const error = new Error("refused");
  tracker.track(Promise.reject(error));
  const { promise, resolve } = Promise.withResolvers<void>();
  tracker.track(promise);
  let ended = false;
  const end = tracker.ended().then(() => {
    ended = true;
  });
  await new Promise((next) => setImmediate(next));
  assert.deepEqual([failures, ended], [[error], false]);
  resolve();
  await end;
});

test("under way: tells two feeds apart when a record of each has the same offset", async () => {
  const before = fresh();
  before.track(Promise.resolve(), roundOf(1n));
  const retry = { at: { topic: "t.retry", partition: 0 }, ledger: createLedger() };
  const replayed = roundOf(1n).map((queued) => ({ ...queued, feed: retry }));
  const inherited = before.rounds(() => undefined);
  assert.deepEqual(offsetsOf(await notInherited(replayed, inherited)), [1n]);
  const next = createRoundTracker(inherited, () => {});
  assert.deepEqual([...next.rounds((topic) => (topic === "t" ? 2n : undefined)).keys()], []);
  assert.deepEqual([...next.rounds((topic) => (topic === "t.retry" ? 2n : undefined)).keys()], ["t/0/1"]);
});
