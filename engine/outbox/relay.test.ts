// The relay on fakes: what is published and marked, in which order, and what happens when something is away.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AccessRefused, Fatal, Poison, Unavailable } from "../errors.ts";
import { fakeProducer } from "../log/testing/fake-producer.ts";
import type { LedOutbox, Outbox } from "./outbox.ts";
import { relayDefaults } from "./relay-options.ts";
import { ended, type Sale, saleOf, stage } from "./testing/relay-stage.ts";

test("relay: publishes rows in order, with their keys, and marks them when it starts", async () => {
  const all = stage();
  all.write(saleOf(1), saleOf(2, 1), saleOf(3));
  const relay = all.start();
  await all.step(0);
  assert.deepEqual(
    all.producer.produced.map(({ to, record }) => [to.topic, String(record.key)]),
    [
      ["sale-made", "shop-1"],
      ["sale-made", "shop-1"],
      ["sale-made", "shop-3"],
    ],
  );
  assert.deepEqual(all.amounts(), [1, 2, 3]);
  assert.equal(all.unpublished(), 0);
  assert.deepEqual(relay.ready(), { ok: true, why: [], codes: [] });
  all.write(saleOf(4));
  await all.step(relayDefaults.pollMs);
  assert.deepEqual(all.amounts(), [1, 2, 3, 4]);
  assert.equal(all.seen.published, 4);
  await ended(all, relay);
  assert.equal(await relay.ended, undefined);
  assert.deepEqual(relay.ready(), { ok: false, why: ["stopping"], codes: ["STOPPING"] });
});

test("relay: gives a record the trace that its row was written in, and no header where it has none", async () => {
  const all = stage();
  all.write(saleOf(1), saleOf(2));
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const [number, row] = [...all.table.rows][0] ?? assert.fail();
  all.table.rows.set(number, { ...row, traceparent });
  const relay = all.start();
  await all.step(0);
  assert.deepEqual(
    all.producer.produced.map(({ record }) => record.headers),
    [{ traceparent: Buffer.from(traceparent) }, undefined],
  );
  await ended(all, relay);
});

test("relay: reads again without a pause when a batch is full", async () => {
  const all = stage({ maxRows: 2 });
  all.write(...Array.from({ length: 7 }, (_, n) => saleOf(n)));
  const relay = all.start();
  await all.step(0);
  await all.step(0);
  assert.deepEqual(all.amounts(), [0, 1, 2, 3, 4, 5, 6]);
  await ended(all, relay);
});

test("relay: marks nothing, reads nothing more and measures the lag when the log is away", async () => {
  const all = stage({ maxRows: 2, yieldMs: 1_000_000 });
  all.producer.hold();
  all.write(...Array.from({ length: 5 }, (_, n) => saleOf(n)));
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

test("relay: ends without marking its batch when it is stopped while the log is away", async () => {
  const all = stage();
  all.producer.hold();
  all.write(saleOf(1));
  const relay = all.start();
  await all.step(0);
  await ended(all, relay);
  assert.equal(await relay.ended, undefined);
  assert.equal(all.unpublished(), 1);
  const next = stage();
  next.write(saleOf(1));
  const successor = next.start();
  await next.step(0);
  assert.deepEqual(next.amounts(), [1]);
  await ended(next, successor);
});

/** An outbox whose lead fails where `trouble.at` says, before or within one of its calls. */
const troubled = (
  inner: Outbox<Sale>,
  trouble: { at: "lead" | "mark" | "alive" | "none"; lost?: boolean },
): Outbox<Sale> => ({
  ...inner,
  lead: async (waitMs, work) => {
    const away = new Unavailable("database", "gone");
    if (trouble.at === "lead") throw away;
    return inner.lead(waitMs, (led) => {
      const failing: LedOutbox<Sale> = {
        ...led,
        unpublished: (maxRows) => (trouble.lost ? Promise.reject(away) : led.unpublished(maxRows)),
        markPublished: (rows) => (trouble.at === "mark" ? Promise.reject(away) : led.markPublished(rows)),
        stillLeading: () => (trouble.at === "alive" ? Promise.reject(away) : led.stillLeading()),
      };
      return work(failing);
    });
  },
});

test("relay: backs off, and is not ready, when it has never reached the database", async () => {
  const all = stage();
  const trouble: Parameters<typeof troubled>[1] = { at: "lead" };
  all.write(saleOf(1));
  const relay = all.start({ outbox: troubled(all.table.outbox, trouble) });
  for (let turn = 0; turn < 5; turn++) await all.step(200);
  assert.deepEqual(relay.ready(), { ok: false, why: ["it has not reached the database yet"], codes: ["STARTING"] });
  assert.deepEqual(all.amounts(), []);
  trouble.at = "none";
  await all.step(2_000);
  assert.deepEqual(all.amounts(), [1]);
  assert.equal(relay.ready().ok, true);
  await ended(all, relay);
});

for (const at of ["lead", "mark"] as const) {
  test(`relay: is not ready after the grace, and ready again at once, when the database is away and returns (${at})`, async () => {
    const all = stage();
    const trouble: Parameters<typeof troubled>[1] = { at: "none" };
    const outbox = all.table.outbox;
    const relay = all.start({ outbox: troubled(outbox, trouble) });
    await all.step(0);
    assert.equal(relay.ready().ok, true);
    trouble.at = at;
    all.write(saleOf(1));
    // The connection is lost, and the lead with it.
    if (at === "lead") trouble.lost = true;
    for (let turn = 0; turn < 9; turn++) await all.step(1_000);
    assert.deepEqual(relay.ready(), { ok: true, why: [], codes: [] });
    for (let turn = 0; turn < 4; turn++) await all.step(1_000);
    assert.equal(relay.ready().ok, false);
    assert.match(relay.ready().why.join(), /^the database has been away for 1[1-3] s$/);
    Object.assign(trouble, { at: "none", lost: false });
    await all.step(1_000);
    await all.step(0);
    assert.deepEqual(relay.ready(), { ok: true, why: [], codes: [] });
    assert.equal(all.unpublished(), 0);
    await ended(all, relay);
  });
}

test("relay: is not ready after the grace, and ready again at once, when the log does not acknowledge and then does", async () => {
  const all = stage({ yieldMs: 1_000_000 });
  all.producer.hold();
  // Two partitions: keys of different lengths.
  all.write(saleOf(1), saleOf(2), saleOf(10));
  const relay = all.start();
  for (let turn = 0; turn < 9; turn++) await all.step(1_000);
  assert.deepEqual(relay.ready(), { ok: true, why: [], codes: [] });
  for (let turn = 0; turn < 3; turn++) await all.step(1_000);
  assert.deepEqual(relay.ready().why, ["the log has not acknowledged 3 row(s) for 12 s"]);
  all.producer.produced[0]?.acknowledge();
  await all.step(0);
  assert.deepEqual(relay.ready().why, ["the log has not acknowledged 1 row(s) for 12 s"]);
  all.producer.produced[2]?.acknowledge();
  await all.step(0);
  assert.deepEqual(relay.ready(), { ok: true, why: [], codes: [] });
  await ended(all, relay);
});

test("relay: marks acknowledged rows without publishing them again when the database returns", async () => {
  const all = stage();
  const trouble: Parameters<typeof troubled>[1] = { at: "mark" };
  all.write(saleOf(1));
  const relay = all.start({ outbox: troubled(all.table.outbox, trouble) });
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

test("relay: leaves unmarked rows to the next leader when another relay leads by then", async () => {
  const all = stage();
  const trouble: Parameters<typeof troubled>[1] = { at: "mark" };
  all.write(saleOf(1));
  const first = all.start({ outbox: troubled(all.table.outbox, trouble) });
  await all.step(0);
  // Another relay has the lead when the database returns; later its rows are published again.
  all.table.lock.led = true;
  trouble.at = "none";
  for (let turn = 0; turn < 3; turn++) await all.step(1_000);
  all.table.lock.led = false;
  for (let turn = 0; turn < 3; turn++) await all.step(1_000);
  assert.deepEqual(all.amounts(), [1, 1]);
  assert.equal(all.unpublished(), 0);
  await ended(all, first);
});

test("relay: counts nothing when another relay has marked its rows meanwhile", async () => {
  const all = stage();
  const trouble: Parameters<typeof troubled>[1] = { at: "mark" };
  all.write(saleOf(1));
  const relay = all.start({ outbox: troubled(all.table.outbox, trouble) });
  await all.step(0);
  for (const row of all.table.rows.values()) row.publishedAt = all.table.now - 1;
  trouble.at = "none";
  await all.step(2_000);
  assert.equal(all.seen.published, 0);
  assert.deepEqual(
    [...all.table.rows.values()].map(({ publishedAt }) => publishedAt),
    [all.table.now - 1],
  );
  await ended(all, relay);
});

test("relay: gives up the lead, and marks nothing twice, when its own log acknowledges nothing", async () => {
  const all = stage();
  const unacknowledging = fakeProducer<Sale>();
  unacknowledging.hold();
  all.write(saleOf(1));
  const first = all.start({ producer: unacknowledging });
  await all.step(0);
  const second = all.start();
  for (let turn = 0; turn < 20; turn++) await all.step(1_000);
  assert.deepEqual(all.amounts(), []);
  for (let turn = 0; turn < 15; turn++) await all.step(1_000);
  assert.deepEqual(all.amounts(), [1]);
  assert.deepEqual([first.leads(), second.leads()], [false, true]);
  assert.match(first.ready().why.join(), /^the log has not acknowledged 1 row\(s\) for 3\d s/);
  all.write(saleOf(2));
  await all.step(1_000);
  assert.deepEqual(all.amounts(), [1, 2]);
  unacknowledging.produced[0]?.acknowledge();
  await all.step(3_000);
  assert.deepEqual(first.ready(), { ok: true, why: [], codes: [] });
  assert.equal(all.seen.published, 2);
  await ended(all, second);
  await all.step(3_000);
  assert.equal(first.leads(), true);
  assert.equal(all.seen.published, 2);
  await ended(all, first);
});

test("relay: ends when the log refuses a batch that was sent before the lead was lost", async () => {
  const all = stage();
  const trouble: Parameters<typeof troubled>[1] = { at: "alive" };
  all.producer.hold();
  all.write(saleOf(1));
  const relay = all.start({ outbox: troubled(all.table.outbox, trouble) });
  for (let turn = 0; turn < 10; turn++) await all.step(1_000);
  const error = new Poison("RECORD_REFUSED", "too large");
  all.producer.produced[0]?.fail(error);
  await all.step(0);
  assert.equal(await relay.ended, error);
  await ended(all, relay);
});

test("relay: keeps one batch in flight, and marks it later, when the lead is lost while the log is away", async () => {
  const all = stage();
  const trouble: Parameters<typeof troubled>[1] = { at: "alive" };
  all.producer.hold();
  all.write(saleOf(1));
  const relay = all.start({ outbox: troubled(all.table.outbox, trouble) });
  for (let turn = 0; turn < 20; turn++) await all.step(1_000);
  assert.deepEqual(all.amounts(), [1]);
  assert.equal(all.table.lock.led, false);
  trouble.at = "none";
  all.producer.produced[0]?.acknowledge();
  for (let turn = 0; turn < 3; turn++) await all.step(1_000);
  assert.deepEqual(all.amounts(), [1]);
  assert.equal(all.unpublished(), 0);
  await ended(all, relay);
});

test("relay: waits, then leads, when another relay leads and ends", async () => {
  const all = stage();
  const first = all.start();
  const second = all.start();
  all.write(saleOf(1));
  await all.step(100);
  all.write(saleOf(2));
  await all.step(100);
  assert.deepEqual(all.amounts(), [1, 2]);
  assert.deepEqual(second.ready(), { ok: true, why: [], codes: [] });
  await ended(all, first);
  all.write(saleOf(3));
  await all.step(1_000);
  await all.step(1_000);
  assert.deepEqual(all.amounts(), [1, 2, 3]);
  await ended(all, second);
});

test("relay: deletes old published rows a few at a time, and no unpublished row, when they are older than the limit", async () => {
  const all = stage({ keptMs: 1_000, pruneMaxRows: 2 });
  for (let n = 1; n <= 5; n++) all.table.rows.set(n, { value: saleOf(n), writtenAt: 0, publishedAt: 0 });
  all.table.rows.set(6, { value: saleOf(6), writtenAt: 0, publishedAt: all.table.now });
  all.producer.hold();
  const relay = all.start();
  for (let turn = 0; turn < 5; turn++) await all.step(relayDefaults.pollMs);
  assert.deepEqual([...all.table.rows.keys()], [6]);
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
    all.write(saleOf(1));
    const relay = all.start();
    await all.step(0);
    all.producer.produced[0]?.fail(error);
    await all.step(0);
    assert.equal(await relay.ended, error);
    assert.equal(all.unpublished(), 1);
    await ended(all, relay);
  });
}

const refused = new AccessRefused("database", "DATABASE_4151", "the database refuses us: locked");

test("relay: ends with the refusal when the database refuses its user at the start", async () => {
  const { start, table } = stage();
  const relay = start({ outbox: { ...table.outbox, lead: () => Promise.reject(refused) } });
  assert.equal(await relay.ended, refused);
});

test("relay: holds, names the refusal in its readiness and goes on when its user is locked and unlocked", async () => {
  const { start, table, step, write, seen } = stage({ pollMs: 100 });
  let locked = false;
  const lead: typeof table.outbox.lead = (ms, work) => {
    if (locked) return Promise.reject(refused);
    return table.outbox.lead(ms, (led) =>
      work({ ...led, unpublished: (rows) => (locked ? Promise.reject(refused) : led.unpublished(rows)) }),
    );
  };
  const relay = start({ outbox: { ...table.outbox, lead } });
  for (let n = 0; n < 5; n++) await step(100);
  assert.deepEqual(relay.ready(), { ok: true, why: [], codes: [] });
  locked = true;
  for (let n = 0; n < 20; n++) await step(1_000);
  assert.match(relay.ready().why.join(), /^DATABASE_4151 has lasted for \d+ s \(the database refuses us: locked\)$/);
  locked = false;
  write(saleOf(1));
  for (let n = 0; n < 5; n++) await step(1_000);
  assert.deepEqual([relay.ready(), seen.published], [{ ok: true, why: [], codes: [] }, 1]);
  await ended({ step }, relay);
});

test("relay: names the refusal in its readiness when the log refuses its user", async () => {
  const { start, producer, step } = stage();
  const relay = start();
  await step(100);
  producer.failing = { error: new AccessRefused("kafka", "KAFKA_REFUSED", "the brokers refuse us"), sinceMs: 0 };
  assert.match(relay.ready().why.join(), /^KAFKA_REFUSED has lasted for \d+ s \(the brokers refuse us\)$/);
  await ended({ step }, relay);
});
