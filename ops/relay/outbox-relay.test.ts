// The relay on fakes: what is published and marked, in which order, and what happens when something is away.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fatal, Poison, Unavailable } from "../../engine/errors.ts";
import type { LedOutbox, Outbox, Payment } from "../../processors/payments/payment-ports.ts";
import { silentLogger } from "../../engine/logger.ts";
import type { UserId, Won } from "../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../schemas/payment.ts";
import { memoryOutbox, memoryPayments } from "../../processors/testing/memory-payments.ts";
import { type Relay, type RelaySettings, relayDefaults, startRelay } from "./outbox-relay.ts";
import { type FakeProducer, fakeProducer, steppedClock } from "../../api/testing/testing.ts";

const paymentOf = (n: number, order = n): Payment => ({
  paymentId: `payment-${n}` as PaymentId,
  orderId: `order-${order}` as OrderId,
  userId: "alice" as UserId,
  amount: n as Won,
  discount: 0 as Won,
  paidAt: 1_000,
});

const stage = (settings: Partial<RelaySettings> = {}) => {
  const state = memoryPayments();
  const producer = fakeProducer();
  const time = steppedClock();
  const seen = { published: 0, pruned: 0, leads: [] as boolean[], lags: [] as number[] };
  const pay = (...payments: readonly Payment[]): void => {
    for (const payment of payments) {
      state.lastOutboxNo += 1;
      state.outbox.set(state.lastOutboxNo, { payment, publishedAt: null });
    }
  };
  const start = (on: Partial<{ outbox: Outbox; producer: FakeProducer; encode: (payment: Payment) => Buffer }> = {}) =>
    startRelay({
      outbox: memoryOutbox(state),
      producer,
      encode: (payment) => Buffer.from(JSON.stringify(payment)),
      clock: time.clock,
      random: () => 0.5,
      backoff: { initialMs: 50, maxMs: 1_000 },
      logger: silentLogger,
      telemetry: {
        published: (rows) => {
          seen.published += rows;
        },
        pruned: (rows) => {
          seen.pruned += rows;
        },
        leading: (leads) => seen.leads.push(leads),
        lag: ({ rows }) => seen.lags.push(rows),
      },
      settings: { ...relayDefaults, ...settings },
      ...on,
    });
  const unpublished = () => [...state.outbox.values()].filter(({ publishedAt }) => publishedAt === null).length;
  const amounts = () => producer.produced.map(({ record }) => JSON.parse(String(record.value)).amount);
  return { state, producer, seen, pay, start, unpublished, amounts, step: time.step };
};

/** Stops a relay whose clock has to be moved for it. */
const ended = async ({ step }: { readonly step: (ms: number) => Promise<void> }, relay: Relay): Promise<void> => {
  let done = false;
  const stopping = relay.stop().then(() => {
    done = true;
  });
  for (let turn = 0; turn < 100 && !done; turn++) await step(1_000);
  await stopping;
};

test("relay: publishes what is there in order, keyed by order, and marks it", async () => {
  const all = stage();
  all.pay(paymentOf(1), paymentOf(2, 1), paymentOf(3));
  const relay = all.start();
  await all.step(0);
  assert.deepEqual(
    all.producer.produced.map(({ to, record }) => [to.topic, String(record.key)]),
    [
      ["payment-completed", "order-1"],
      ["payment-completed", "order-1"],
      ["payment-completed", "order-3"],
    ],
  );
  assert.deepEqual(all.amounts(), [1, 2, 3]);
  assert.equal(all.unpublished(), 0);
  assert.deepEqual(relay.ready(), { ok: true, why: [] });
  all.pay(paymentOf(4));
  await all.step(relayDefaults.pollMs);
  assert.deepEqual(all.amounts(), [1, 2, 3, 4]);
  assert.equal(all.seen.published, 4);
  await ended(all, relay);
  assert.equal(await relay.ended, undefined);
  assert.deepEqual(relay.ready(), { ok: false, why: ["stopping"] });
});

test("relay: goes on without a pause while batches are full", async () => {
  const all = stage({ maxRows: 2 });
  all.pay(...Array.from({ length: 7 }, (_, n) => paymentOf(n)));
  const relay = all.start();
  await all.step(0);
  await all.step(0);
  assert.deepEqual(all.amounts(), [0, 1, 2, 3, 4, 5, 6]);
  await ended(all, relay);
});

test("relay: marks nothing, reads nothing more and says how far it is behind, while the log is away", async () => {
  const all = stage({ maxRows: 2, yieldMs: 1_000_000 });
  all.producer.hold();
  all.pay(...Array.from({ length: 5 }, (_, n) => paymentOf(n)));
  const relay = all.start();
  for (let turn = 0; turn < 20; turn++) await all.step(1_000);
  assert.deepEqual(all.amounts(), [0, 1]);
  assert.equal(all.unpublished(), 5);
  assert.equal(all.seen.lags.at(-1), 5);
  assert.ok(all.seen.lags.length > 10);
  assert.deepEqual(all.seen.leads, [true]);
  for (const { acknowledge } of all.producer.produced) acknowledge();
  await all.step(0);
  assert.equal(all.unpublished(), 3);
  await ended(all, relay);
});

test("relay: ends, and leaves its batch for the next, when it is stopped while the log is away", async () => {
  const all = stage();
  all.producer.hold();
  all.pay(paymentOf(1));
  const relay = all.start();
  await all.step(0);
  await ended(all, relay);
  assert.equal(await relay.ended, undefined);
  assert.equal(all.unpublished(), 1);
  const next = stage();
  next.state.outbox.set(1, { payment: paymentOf(1), publishedAt: null });
  const heir = next.start();
  await next.step(0);
  assert.deepEqual(next.amounts(), [1]);
  await ended(next, heir);
});

/** An outbox whose lead fails as told, before or within one of its calls. */
const troubled = (inner: Outbox, trouble: { at: "lead" | "mark" | "alive" | "none"; lost?: boolean }): Outbox => ({
  ...inner,
  lead: async (waitMs, work) => {
    const away = new Unavailable("database", "gone");
    if (trouble.at === "lead") throw away;
    return inner.lead(waitMs, (led) => {
      const failing: LedOutbox = {
        ...led,
        unpublished: (maxRows) => (trouble.lost ? Promise.reject(away) : led.unpublished(maxRows)),
        markPublished: (rows) => (trouble.at === "mark" ? Promise.reject(away) : led.markPublished(rows)),
        stillLeading: () => (trouble.at === "alive" ? Promise.reject(away) : led.stillLeading()),
      };
      return work(failing);
    });
  },
});

test("relay: backs off while the database is away, and is not ready until it has reached it", async () => {
  const all = stage();
  const trouble: Parameters<typeof troubled>[1] = { at: "lead" };
  all.pay(paymentOf(1));
  const relay = all.start({ outbox: troubled(memoryOutbox(all.state), trouble) });
  for (let turn = 0; turn < 5; turn++) await all.step(200);
  assert.deepEqual(relay.ready(), { ok: false, why: ["it has not reached the database yet"] });
  assert.deepEqual(all.amounts(), []);
  trouble.at = "none";
  await all.step(2_000);
  assert.deepEqual(all.amounts(), [1]);
  assert.equal(relay.ready().ok, true);
  await ended(all, relay);
});

for (const at of ["lead", "mark"] as const) {
  test(`relay: says that the database is away after the grace, and is ready at once when it is back (${at})`, async () => {
    const all = stage();
    const trouble: Parameters<typeof troubled>[1] = { at: "none" };
    const outbox = memoryOutbox(all.state);
    const relay = all.start({ outbox: troubled(outbox, trouble) });
    await all.step(0);
    assert.equal(relay.ready().ok, true);
    trouble.at = at;
    all.pay(paymentOf(1));
    // Somebody takes the connection away, and with it the lead.
    if (at === "lead") trouble.lost = true;
    for (let turn = 0; turn < 9; turn++) await all.step(1_000);
    assert.deepEqual(relay.ready(), { ok: true, why: [] });
    for (let turn = 0; turn < 4; turn++) await all.step(1_000);
    assert.equal(relay.ready().ok, false);
    assert.match(relay.ready().why.join(), /^the database has been away for 1[1-3] s$/);
    Object.assign(trouble, { at: "none", lost: false });
    await all.step(1_000);
    await all.step(0);
    assert.deepEqual(relay.ready(), { ok: true, why: [] });
    assert.equal(all.unpublished(), 0);
    await ended(all, relay);
  });
}

test("relay: says that the log does not acknowledge after the grace, and is ready at once when it does", async () => {
  const all = stage({ yieldMs: 1_000_000 });
  all.producer.hold();
  // Two partitions: keys of different lengths.
  all.pay(paymentOf(1), paymentOf(2), paymentOf(10));
  const relay = all.start();
  for (let turn = 0; turn < 9; turn++) await all.step(1_000);
  assert.deepEqual(relay.ready(), { ok: true, why: [] });
  for (let turn = 0; turn < 3; turn++) await all.step(1_000);
  assert.deepEqual(relay.ready().why, ["the log has not acknowledged for 12 s, and holds 3 row(s)"]);
  all.producer.produced[0]?.acknowledge();
  await all.step(0);
  assert.deepEqual(relay.ready().why, ["the log has not acknowledged for 12 s, and holds 1 row(s)"]);
  all.producer.produced[2]?.acknowledge();
  await all.step(0);
  assert.deepEqual(relay.ready(), { ok: true, why: [] });
  await ended(all, relay);
});

test("relay: marks what it could not mark when the database is back, and does not publish it again", async () => {
  const all = stage();
  const trouble: Parameters<typeof troubled>[1] = { at: "mark" };
  all.pay(paymentOf(1));
  const relay = all.start({ outbox: troubled(memoryOutbox(all.state), trouble) });
  for (let turn = 0; turn < 5; turn++) await all.step(2_000);
  assert.deepEqual(all.amounts(), [1]);
  assert.equal(all.unpublished(), 1);
  trouble.at = "none";
  await all.step(2_000);
  assert.deepEqual(all.amounts(), [1]);
  assert.equal(all.unpublished(), 0);
  assert.equal(all.seen.published, 1);
  await ended(all, relay);
});

test("relay: leaves what it could not mark to another one that leads by then", async () => {
  const all = stage();
  const trouble: Parameters<typeof troubled>[1] = { at: "mark" };
  all.pay(paymentOf(1));
  const first = all.start({ outbox: troubled(memoryOutbox(all.state), trouble) });
  await all.step(0);
  // Somebody else has the lead when the database is back, and then has the rows told anew.
  all.state.led = true;
  trouble.at = "none";
  for (let turn = 0; turn < 3; turn++) await all.step(1_000);
  all.state.led = false;
  for (let turn = 0; turn < 3; turn++) await all.step(1_000);
  assert.deepEqual(all.amounts(), [1, 1]);
  assert.equal(all.unpublished(), 0);
  await ended(all, first);
});

test("relay: counts nothing when another one has marked meanwhile what it could not mark", async () => {
  const all = stage();
  const trouble: Parameters<typeof troubled>[1] = { at: "mark" };
  all.pay(paymentOf(1));
  const relay = all.start({ outbox: troubled(memoryOutbox(all.state), trouble) });
  await all.step(0);
  for (const row of all.state.outbox.values()) row.publishedAt = all.state.now - 1;
  trouble.at = "none";
  await all.step(2_000);
  assert.equal(all.seen.published, 0);
  assert.deepEqual(
    [...all.state.outbox.values()].map(({ publishedAt }) => publishedAt),
    [all.state.now - 1],
  );
  await ended(all, relay);
});

test("relay: leaves the lead to another one when its own log acknowledges nothing, and marks nothing twice", async () => {
  const all = stage();
  const deaf = fakeProducer();
  deaf.hold();
  all.pay(paymentOf(1));
  const first = all.start({ producer: deaf });
  await all.step(0);
  const second = all.start();
  for (let turn = 0; turn < 20; turn++) await all.step(1_000);
  assert.deepEqual(all.amounts(), []);
  for (let turn = 0; turn < 15; turn++) await all.step(1_000);
  assert.deepEqual(all.amounts(), [1]);
  assert.deepEqual([first.leads(), second.leads()], [false, true]);
  assert.match(first.ready().why.join(), /^the log has not acknowledged for 3\d s, and holds 1 row/);
  all.pay(paymentOf(2));
  await all.step(1_000);
  assert.deepEqual(all.amounts(), [1, 2]);
  deaf.produced[0]?.acknowledge();
  await all.step(3_000);
  assert.deepEqual(first.ready(), { ok: true, why: [] });
  assert.equal(all.seen.published, 2);
  await ended(all, second);
  await all.step(3_000);
  assert.equal(first.leads(), true);
  assert.equal(all.seen.published, 2);
  await ended(all, first);
});

test("relay: ends when the log refuses what it had handed over before it lost the lead", async () => {
  const all = stage();
  const trouble: Parameters<typeof troubled>[1] = { at: "alive" };
  all.producer.hold();
  all.pay(paymentOf(1));
  const relay = all.start({ outbox: troubled(memoryOutbox(all.state), trouble) });
  for (let turn = 0; turn < 10; turn++) await all.step(1_000);
  const error = new Poison("RECORD_REFUSED", "too large");
  all.producer.produced[0]?.fail(error);
  await all.step(0);
  assert.equal(await relay.ended, error);
  await ended(all, relay);
});

test("relay: has one batch on its way, and marks it when it can, when the lead is lost while the log is away", async () => {
  const all = stage();
  const trouble: Parameters<typeof troubled>[1] = { at: "alive" };
  all.producer.hold();
  all.pay(paymentOf(1));
  const relay = all.start({ outbox: troubled(memoryOutbox(all.state), trouble) });
  for (let turn = 0; turn < 20; turn++) await all.step(1_000);
  assert.deepEqual(all.amounts(), [1]);
  assert.equal(all.state.led, false);
  trouble.at = "none";
  all.producer.produced[0]?.acknowledge();
  for (let turn = 0; turn < 3; turn++) await all.step(1_000);
  assert.deepEqual(all.amounts(), [1]);
  assert.equal(all.unpublished(), 0);
  await ended(all, relay);
});

test("relay: waits while another one leads, and takes over when that one ends", async () => {
  const all = stage();
  const first = all.start();
  const second = all.start();
  all.pay(paymentOf(1));
  await all.step(100);
  all.pay(paymentOf(2));
  await all.step(100);
  assert.deepEqual(all.amounts(), [1, 2]);
  assert.deepEqual(second.ready(), { ok: true, why: [] });
  await ended(all, first);
  all.pay(paymentOf(3));
  await all.step(1_000);
  await all.step(1_000);
  assert.deepEqual(all.amounts(), [1, 2, 3]);
  await ended(all, second);
});

test("relay: deletes old rows a few at a time, and never what is not published", async () => {
  const all = stage({ keptMs: 1_000, pruneMaxRows: 2 });
  for (let n = 1; n <= 5; n++) all.state.outbox.set(n, { payment: paymentOf(n), publishedAt: 0 });
  all.state.outbox.set(6, { payment: paymentOf(6), publishedAt: all.state.now });
  all.producer.hold();
  const relay = all.start();
  for (let turn = 0; turn < 5; turn++) await all.step(relayDefaults.pollMs);
  assert.deepEqual([...all.state.outbox.keys()], [6]);
  assert.equal(all.seen.pruned, 5);
  await ended(all, relay);
});

for (const [what, error] of [
  ["the log will never take a record", new Poison("RECORD_REFUSED", "too large")],
  ["the producer is closed", new Fatal("PRODUCER_CLOSED", "closed")],
] as const) {
  test(`relay: ends, and marks nothing, when ${what}`, async () => {
    const all = stage();
    all.producer.hold();
    all.pay(paymentOf(1));
    const relay = all.start();
    await all.step(0);
    all.producer.produced[0]?.fail(error);
    await all.step(0);
    assert.equal(await relay.ended, error);
    assert.equal(all.unpublished(), 1);
    await ended(all, relay);
  });
}

test("relay: ends when a payment fits no record", async () => {
  const all = stage();
  all.pay(paymentOf(1));
  const relay = all.start({
    encode: () => {
      throw new RangeError("not a UUID");
    },
  });
  await all.step(0);
  const error = await relay.ended;
  assert.ok(error instanceof Fatal && error.code === "PAYMENT_UNENCODABLE");
  await ended(all, relay);
});
