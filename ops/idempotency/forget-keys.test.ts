// Forgetting idempotency keys: whose turn it is, how many at a time, and what a failure does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../engine/errors.ts";
import type { OldKeys } from "../../processors/payments/payment-ports.ts";
import { silentLogger } from "../../engine/logger.ts";
import { forgetDefaults, forgetKeys } from "./forget-keys.ts";
import { settled, steppedClock } from "../../engine/testing/stepped-clock.ts";

/** So many old keys, or an error. */
const stage = (old: { payment: number | Error; coupon: number | Error }) => {
  const time = steppedClock();
  const state = { leads: true, calls: 0, forgotten: { payment: 0, coupon: 0 } };
  const stopping = new AbortController();
  const keysOf = (kind: "payment" | "coupon"): OldKeys => ({
    prune: async (olderThanMs, maxRows) => {
      assert.equal(olderThanMs, forgetDefaults.keptMs);
      state.calls += 1;
      const left = old[kind];
      if (typeof left !== "number") throw left;
      const rows = Math.min(left, maxRows);
      old[kind] = left - rows;
      return rows;
    },
  });
  const ended = forgetKeys(
    {
      keys: { payment: keysOf("payment"), coupon: keysOf("coupon") },
      leads: () => state.leads,
      clock: time.clock,
      logger: silentLogger,
      forgotten: (kind, rows) => {
        state.forgotten[kind] += rows;
      },
      settings: forgetDefaults,
    },
    stopping.signal,
  );
  const stop = async () => {
    stopping.abort();
    await ended;
  };
  return { old, state, step: time.step, stop };
};

test("forgetting keys: takes a few at a time while there are more, then looks now and then", async () => {
  const { old, state, step, stop } = stage({ payment: 2_500, coupon: 10 });
  await settled();
  assert.deepEqual(state.forgotten, { payment: 1_000, coupon: 10 });
  await step(forgetDefaults.pauseMs);
  await step(forgetDefaults.pauseMs);
  assert.deepEqual(state.forgotten, { payment: 2_500, coupon: 10 });
  const { calls } = state;
  await step(forgetDefaults.pauseMs);
  assert.equal(state.calls, calls);
  old.coupon = 1;
  await step(forgetDefaults.everyMs);
  assert.deepEqual(state.forgotten, { payment: 2_500, coupon: 11 });
  await stop();
});

test("forgetting keys: leaves it to the process that leads", async () => {
  const { state, step, stop } = stage({ payment: 1, coupon: 1 });
  await settled();
  state.leads = false;
  const { calls } = state;
  for (let turn = 0; turn < 5; turn++) await step(forgetDefaults.everyMs);
  assert.equal(state.calls, calls);
  state.leads = true;
  await step(forgetDefaults.everyMs);
  assert.equal(state.calls, calls + 2);
  await stop();
});

test("forgetting keys: forgets the others, and tries again later, when the database is away for one kind", async () => {
  const { old, state, step, stop } = stage({ payment: new Unavailable("database", "gone"), coupon: 5 });
  await settled();
  assert.deepEqual(state.forgotten, { payment: 0, coupon: 5 });
  old.payment = 7;
  await step(forgetDefaults.everyMs);
  assert.deepEqual(state.forgotten, { payment: 7, coupon: 5 });
  await stop();
});
