// Waiting for verdicts: which are looked up when, with which others, and what each is answered in the end.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import { Unavailable } from "../../engine/errors.ts";
import type { CouponId, PolicyId, ReservationId } from "../../schemas/coupon.ts";
import { createReservationIds } from "./reservation-id.ts";
import { settled } from "../../engine/testing/stepped-clock.ts";
import { fakeClock, userNamed } from "../testing/testing.ts";
import { LookupTimeout, WatchFull, watchVerdicts } from "./verdict-watch.ts";

const alice = userNamed("alice");
const mint = createReservationIds(Buffer.alloc(32, 1)).mint;
const idNumber = (number: number): ReservationId => mint(alice, number, Buffer.alloc(4));
const issued: OwnedVerdict = {
  kind: "issued",
  // Test values of the right alphabet.
  couponId: "launch" as CouponId,
  policyId: "p" as PolicyId,
  userId: alice,
  issuedAt: 1,
  expiresAt: 2,
};
const [a, b, c, d] = [idNumber(1), idNumber(2), idNumber(3), idNumber(4)] as const;

/** A watch on a look-up whose calls end when the test says so. */
const setUp = (
  settings: { readonly maxWaiters?: number; readonly maxLookupIds?: number } = {},
  isTold: () => boolean = () => false,
) => {
  const clock = fakeClock();
  const calls: {
    readonly ids: readonly ReservationId[];
    readonly find: (...found: readonly ReservationId[]) => Promise<void>;
    readonly fail: (error: Error) => Promise<void>;
  }[] = [];
  const watch = watchVerdicts({
    lookup: {
      find: (ids) =>
        new Promise((resolve, reject) =>
          calls.push({
            ids,
            find: async (...found) => {
              resolve(new Map(found.map((id) => [id, issued])));
              await settled();
            },
            fail: async (error) => {
              reject(error);
              await settled();
            },
          }),
        ),
    },
    clock,
    settings: {
      ...{ maxWaiters: 100, maxLookupIds: 1_000, lookupPauseMs: 20, toldPauseMs: 500, readTimeoutMs: 2_000 },
      ...settings,
    },
    isTold,
  });
  /** What came of a question, as it becomes known. */
  const ask = (reservationId: ReservationId, waitMs: number) => {
    const asked = watch.ask({ reservationId, waitMs });
    const state: { answer: OwnedVerdict | null | "open"; error: unknown } = { answer: "open", error: undefined };
    asked.verdict.then(
      (verdict) => {
        state.answer = verdict;
      },
      (error: unknown) => {
        state.error = error;
      },
    );
    return { ...asked, state };
  };
  const idsOf = () => calls.map(({ ids }) => ids);
  return { clock, calls, watch, ask, idsOf };
};

test("verdict watch: answers a plain read after one look-up, whatever it finds", async () => {
  const { clock, calls, watch, ask } = setUp();
  const [first, second] = [ask(a, 0), ask(b, 0)];
  await calls[0]?.find();
  assert.equal(first.state.answer, null);
  await calls[1]?.find(b);
  assert.equal(second.state.answer, issued);
  assert.equal(watch.waiting(), 0);
  clock.advance(10_000);
  assert.equal(calls.length, 2);
  assert.equal(clock.timers(), 0);
});

test("verdict watch: answers at once when the verdict arrives, and not before", async () => {
  const { clock, calls, ask } = setUp();
  const { state } = ask(a, 10_000);
  await calls[0]?.find();
  assert.equal(state.answer, "open");
  clock.advance(19);
  assert.equal(calls.length, 1);
  clock.advance(1);
  await calls[1]?.find(a);
  assert.equal(state.answer, issued);
  assert.equal(clock.timers(), 0);
});

test("verdict watch: answers with nothing at the deadline", async () => {
  const { clock, calls, watch, ask } = setUp();
  const { state } = ask(a, 50);
  await calls[0]?.find();
  for (let at = 1; at <= 2; at += 1) {
    clock.advance(20);
    await calls[at]?.find();
  }
  assert.equal(state.answer, "open");
  clock.advance(10);
  await settled();
  assert.equal(state.answer, null);
  assert.equal(watch.waiting(), 0);
});

test("verdict watch: shares one look-up among all who wait, and one id among all who ask for it", async () => {
  const { calls, ask, idsOf } = setUp();
  const waiters = [ask(a, 1_000), ask(b, 1_000), ask(b, 1_000), ask(c, 1_000)];
  assert.deepEqual(idsOf(), [[a]]);
  await calls[0]?.find();
  assert.deepEqual(idsOf(), [[a], [b, c]]);
  await calls[1]?.find(b, c);
  assert.deepEqual(
    waiters.map(({ state }) => state.answer),
    ["open", issued, issued, issued],
  );
});

test("verdict watch: takes turns, oldest first, when more wait than fit into one look-up", async () => {
  const { clock, calls, ask, idsOf } = setUp({ maxLookupIds: 2 });
  for (const id of [a, b, c, d]) ask(id, 60_000);
  await calls[0]?.find();
  await calls[1]?.find();
  await calls[2]?.find();
  assert.deepEqual(idsOf(), [[a], [b, c], [d]]);
  for (let at = 3; at < 7; at += 1) {
    clock.advance(20);
    await calls[at]?.find();
  }
  assert.deepEqual(idsOf().slice(3), [
    [a, b],
    [c, d],
    [a, b],
    [c, d],
  ]);
});

test("verdict watch: looks a newcomer up at once, without the others, while those pause", async () => {
  const { clock, calls, ask, idsOf } = setUp();
  ask(a, 60_000);
  await calls[0]?.find();
  clock.advance(5);
  ask(b, 60_000);
  assert.deepEqual(idsOf(), [[a], [b]]);
  await calls[1]?.find();
  clock.advance(15);
  assert.deepEqual(idsOf(), [[a], [b], [a, b]]);
});

test("verdict watch: pauses as long as the look-up took when that is longer", async () => {
  const { clock, calls, ask } = setUp();
  ask(a, 60_000);
  clock.advance(300);
  await calls[0]?.find();
  clock.advance(299);
  assert.equal(calls.length, 1);
  clock.advance(1);
  assert.equal(calls.length, 2);
});

test("verdict watch: pauses no longer than a read may take when the time of day is set meanwhile", async () => {
  const { clock, calls, ask } = setUp();
  ask(a, 60_000);
  clock.set(86_400_000);
  await calls[0]?.find();
  clock.advance(2_000);
  assert.equal(calls.length, 2);
});

test("verdict watch: answers no question from a look-up that began before it", async () => {
  const { calls, ask } = setUp();
  ask(a, 0);
  const { state } = ask(a, 0);
  await calls[0]?.find();
  assert.equal(state.answer, "open");
  await calls[1]?.find(a);
  assert.equal(state.answer, issued);
});

test("verdict watch: fails a plain read, and lets a waiter wait, when the database is away", async () => {
  const { clock, calls, watch, ask } = setUp();
  const [plain, waiter, lucky] = [ask(a, 0), ask(a, 500), ask(b, 500)];
  await calls[0]?.fail(new Unavailable("database", "connection refused"));
  assert.ok(plain.state.error instanceof Unavailable);
  await calls[1]?.fail(new Unavailable("database", "connection refused"));
  assert.equal(waiter.state.answer, "open");
  assert.equal(calls.length, 2);
  clock.advance(199);
  assert.equal(calls.length, 2);
  clock.advance(1);
  await calls[2]?.find(b);
  assert.equal(lucky.state.answer, issued);
  clock.advance(100);
  await calls[3]?.fail(new Unavailable("database", "connection refused"));
  clock.advance(200);
  await settled();
  assert.ok(waiter.state.error instanceof Unavailable);
  assert.equal(watch.waiting(), 0);
});

test("verdict watch: says that there is nothing yet when the database was away but is back at the deadline", async () => {
  const { clock, calls, ask } = setUp();
  const { state } = ask(a, 300);
  await calls[0]?.fail(new Unavailable("database", "gone"));
  clock.advance(200);
  await calls[1]?.find();
  clock.advance(100);
  await settled();
  assert.equal(state.answer, null);
  assert.equal(state.error, undefined);
});

test("verdict watch: gives up a read when its first look-up never ends", async () => {
  const { clock, calls, watch, ask } = setUp();
  const [plain, short, long] = [ask(a, 0), ask(a, 100), ask(a, 5_000)];
  const failed = ({ state }: typeof plain): boolean => state.error instanceof LookupTimeout;
  clock.advance(1_999);
  await settled();
  assert.ok(!failed(plain));
  clock.advance(1);
  await settled();
  assert.ok(failed(plain));
  assert.ok(failed(short));
  assert.ok(!failed(long));
  clock.advance(3_001);
  await settled();
  assert.ok(failed(long));
  assert.equal(watch.waiting(), 0);
  assert.equal(calls.length, 1);
});

test("verdict watch: forgets a reader who leaves, and no longer looks the id up when it was the last", async () => {
  const { clock, calls, watch, ask, idsOf } = setUp();
  const [gone, stays] = [ask(a, 10_000), ask(b, 10_000)];
  await calls[0]?.find();
  await calls[1]?.find();
  gone.leave();
  gone.leave();
  await settled();
  assert.equal(gone.state.answer, null);
  assert.equal(watch.waiting(), 1);
  clock.advance(20);
  assert.deepEqual(idsOf().at(-1), [b]);
  stays.leave();
  await calls[2]?.find();
  clock.advance(60_000);
  assert.equal(calls.length, 3);
  assert.equal(clock.timers(), 0);
});

test("verdict watch: answers further readers at once when as many wait as may, and refuses twice as many", async () => {
  const { calls, ask, watch } = setUp({ maxWaiters: 2 });
  const waiters = [ask(a, 10_000), ask(b, 10_000)];
  const [third] = [ask(c, 10_000), ask(d, 10_000)];
  assert.throws(() => watch.ask({ reservationId: a, waitMs: 0 }), WatchFull);
  await calls[0]?.find();
  await calls[1]?.find();
  assert.equal(third?.state.answer, null);
  assert.deepEqual(
    waiters.map(({ state }) => state.answer),
    ["open", "open"],
  );
  assert.equal(watch.waiting(), 2);
});

test("verdict watch: answers every question when it is closed, and holds no answer afterwards", async () => {
  const { calls, watch, ask } = setUp();
  const known = ask(a, 10_000);
  await calls[0]?.find();
  const unknown = ask(b, 10_000);
  watch.close();
  await settled();
  assert.equal(known.state.answer, null);
  assert.equal(unknown.state.answer, "open");
  await calls[1]?.find(b);
  assert.equal(unknown.state.answer, issued);
  const late = ask(c, 10_000);
  await calls[2]?.find();
  assert.equal(late.state.answer, null);
});

test("verdict watch: answers every question in the end, and truly, whatever the timing", async () => {
  const step = fc.record({
    id: fc.integer({ min: 1, max: 5 }),
    waitMs: fc.constantFrom(0, 10, 100),
    advanceMs: fc.integer({ min: 0, max: 30 }),
    fails: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.integer({ min: 1, max: 3 }), async (steps, maxLookupIds) => {
      const { clock, calls, watch, ask } = setUp({ maxLookupIds });
      let ended = 0;
      // Odd reservations have a verdict from the start, even ones never get one.
      const end = async (fails: boolean): Promise<void> => {
        const call = calls[ended];
        if (call === undefined) return;
        ended += 1;
        assert.equal(calls.length, ended, "one look-up at a time");
        assert.ok(call.ids.length <= maxLookupIds);
        assert.equal(new Set(call.ids).size, call.ids.length);
        if (fails) await call.fail(new Unavailable("database", "gone"));
        else await call.find(...[1, 3, 5].map(idNumber).filter((id) => call.ids.includes(id)));
      };
      const asked = steps.map(({ id }) => id);
      const states = [];
      for (const { id, waitMs, advanceMs, fails } of steps) {
        states.push(ask(idNumber(id), waitMs).state);
        clock.advance(advanceMs);
        if (advanceMs % 2 === 0) await end(fails);
      }
      for (let turn = 0; turn < 40; turn += 1) {
        await end(false);
        clock.advance(20);
      }
      await settled();
      assert.equal(watch.waiting(), 0);
      for (const [at, { answer, error }] of states.entries()) {
        if (error === undefined) assert.equal(answer, (asked[at] ?? 0) % 2 === 1 ? issued : null);
      }
    }),
    { numRuns: 60 },
  );
});

test("verdict watch: looks up at once, and nobody else, who is told to be decided", async () => {
  const { calls, watch, ask, idsOf } = setUp({}, () => true);
  const [first, second] = [ask(a, 1_000), ask(b, 1_000)];
  await calls[0]?.find();
  await calls[1]?.find();
  watch.decided([c, b]);
  assert.deepEqual(idsOf(), [[a], [b], [b]]);
  await calls[2]?.find(b);
  assert.deepEqual([first.state.answer, second.state.answer], ["open", issued]);
});

test("verdict watch: looks up again who is told to be decided while a look-up is in flight, which may have been too early", async () => {
  const { calls, watch, ask, idsOf } = setUp({}, () => true);
  const { state } = ask(a, 1_000);
  watch.decided([a]);
  await calls[0]?.find();
  assert.deepEqual(idsOf(), [[a], [a]]);
  await calls[1]?.find(a);
  assert.equal(state.answer, issued);
});

test("verdict watch: asks twice a second only while it is told, and every 20 ms as soon as it is not", async () => {
  let isTold = true;
  const { clock, calls, ask } = setUp({}, () => isTold);
  ask(a, 5_000);
  await calls[0]?.find();
  await clock.advance(499);
  assert.equal(calls.length, 1);
  isTold = false;
  await clock.advance(1);
  await calls[1]?.find();
  await clock.advance(20);
  assert.equal(calls.length, 3);
});
