/** The outbox against the real database: who leads, what is seen, and what a lost connection does. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Unavailable } from "../../../engine/errors.ts";
import type { OutboxRow } from "../../../engine/outbox/outbox.ts";
import { outboxContract, rowsWithIds } from "../../../engine/outbox/testing/outbox-contract.ts";
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import { databaseBehindProxy } from "../testing/database-behind-proxy.ts";
import { idsOf, paymentOutboxSubject, payments } from "../../testing/outbox.ts";
import { hexOf } from "../../ids.ts";
import { openDatabase } from "../database.ts";
import { orderRegister } from "./order-register.ts";
import { outbox } from "./outbox.ts";
import { exclusiveOutbox } from "../testing/exclusive-outbox.ts";
import { paymentBook } from "./payment-book.ts";
import { inTransaction, withSession } from "../session.ts";
import { aReservationId, aUserId, many } from "../../../processors/testing/samples.ts";
import { anAsk, anItem, anOptionId, anOrder, won } from "../../testing/payment-samples.ts";
import { numberOf } from "../testing/number-of.ts";

const { url, database, proxy } = await databaseBehindProxy();
let giveBack: () => Promise<void>;
before(async () => {
  giveBack = await exclusiveOutbox(url);
});
after(() => giveBack());

const rename = "UPDATE payment SET payment_id = UNHEX(?) WHERE payment_id = UNHEX(?)";
const subject = {
  book: paymentBook(database),
  register: orderRegister(database),
  outbox: outbox(database),
  /** Gives the rows of payments other ids for a while. */
  orphan: async (paid: readonly Payment[]) => {
    const ids = paid.map(({ paymentId }) => [hexOf(paymentId), hexOf(aReservationId())] as const);
    const renameAll = (pairs: readonly (readonly [string, string])[]) =>
      withSession(database, async ({ change }) => {
        for (const [from, to] of pairs) await change(rename, [to, from]);
      });
    await renameAll(ids);
    return () => renameAll(ids.map(([from, to]) => [to, from]));
  },
};
outboxContract("mysql outbox", () => paymentOutboxSubject(subject));

const insertRow = "INSERT INTO outbox (payment_id) VALUES (UNHEX(?))";
const deleteRows = "DELETE FROM outbox WHERE payment_id = UNHEX(?)";

test("mysql outbox: has each payment's own trace when traced and other ones are paid in one transaction", async () => {
  const [optionId, userId] = [anOptionId(), aUserId()];
  await subject.register.addOptions([{ optionId, stock: 2 }]);
  await subject.register.openAccounts([{ userId, amount: won(20_000) }]);
  const orders = many(2, () => anOrder([anItem(optionId)], { userId }));
  await subject.register.openOrders(orders);
  const traces = [undefined, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"];
  const asks = orders.map((order, at) => anAsk(order, { traceparent: traces[at] }));
  await subject.book.pay(asks);
  await subject.outbox.lead(1_000, async (led) => {
    const ids = asks.map(({ paymentId }) => paymentId);
    const rows = await rowsWithIds(led, ids);
    assert.deepEqual(
      rows.map(({ traceparent }) => traceparent),
      traces,
    );
    await led.markPublished(rows);
    return true;
  });
});

test("mysql outbox: shows a row that is committed after a later one, also when that one is published already", async () => {
  const [early, late] = await payments(subject, 2);
  assert.ok(early && late);
  await withSession(database, async ({ change }) => {
    for (const { paymentId } of [early, late]) await change(deleteRows, [hexOf(paymentId)]);
  });
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const open = inTransaction(database, async ({ change }) => {
    await change(insertRow, [hexOf(early.paymentId)]);
    first.resolve();
    await second.promise;
  });
  await first.promise;
  await withSession(database, ({ change }) => change(insertRow, [hexOf(late.paymentId)]));
  await subject.outbox.lead(1_000, async (led) => {
    const seen = await rowsWithIds(led, idsOf([early, late]));
    assert.deepEqual(
      seen.map(({ value }) => value),
      [late],
    );
    await led.markPublished(seen);
    second.resolve();
    await open;
    const then = await rowsWithIds(led, idsOf([early, late]));
    assert.deepEqual(
      then.map(({ value }) => value),
      [early],
    );
    assert.ok((then[0]?.number ?? 0) < (seen[0]?.number ?? 0));
    await led.markPublished(then);
    return true;
  });
});

test("mysql outbox: is led by the next one as soon as the leader's connection is cut, and the old one marks nothing", async () => {
  const paid = await payments(subject, 3);
  const mine = openDatabase({ databaseUrl: proxy.url, poolMax: 1, poolKeptIdle: 0 });
  const [leads, cut] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const old = outbox(mine).lead(1_000, async (led) => {
    const rows = await rowsWithIds(led, idsOf(paid));
    leads.resolve();
    await cut.promise;
    await assert.rejects(led.stillLeading(), Unavailable);
    await led.markPublished(rows);
  });
  await leads.promise;
  assert.equal(await subject.outbox.lead(1, async () => assert.fail()), undefined);
  proxy.onRequest = () => "cut";
  cut.resolve();
  await assert.rejects(old, Unavailable);
  await subject.outbox.lead(5_000, async (led) => {
    assert.equal((await rowsWithIds(led, idsOf(paid))).length, 3);
    await led.markPublished(await rowsWithIds(led, idsOf(paid)));
    return true;
  });
  await mine.close();
});

test("mysql outbox: is led by the next one when the leader's bytes are swallowed, and the old one marks nothing", async () => {
  const paid = await payments(subject, 2);
  const mine = openDatabase({ databaseUrl: proxy.url, poolMax: 1, poolKeptIdle: 0 });
  const [leads, next] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const old = outbox(mine).lead(1_000, async (led) => {
    const rows = await rowsWithIds(led, idsOf(paid));
    proxy.onRequest = () => "silence";
    leads.resolve();
    await next.promise;
    await led.markPublished(rows);
  });
  await leads.promise;
  // Held for as long as the leader may be silent, and no longer; asked for in pieces as long as a statement may wait.
  let rows: readonly OutboxRow<Payment>[] | undefined;
  for (let asked = 0; rows === undefined && asked < 4; asked++) {
    rows = await subject.outbox.lead(5_000, async (led) => {
      const mineNow = await rowsWithIds(led, idsOf(paid));
      next.resolve();
      await assert.rejects(old, Unavailable);
      assert.deepEqual(await rowsWithIds(led, idsOf(paid)), mineNow);
      assert.equal(await led.markPublished(mineNow), 2);
      return mineNow;
    });
  }
  assert.equal(rows?.length, 2);
  await mine.close();
});

test("mysql outbox: is no longer led by a session that the server has ended", async () => {
  const lost = subject.outbox.lead(1_000, async (led) => {
    const sessions = "SELECT IS_USED_LOCK(CONCAT('sluice-outbox-', LEFT(SHA2(DATABASE(), 256), 32))) AS n";
    await database.sequelize.query(`KILL ${await numberOf(database, sessions)}`);
    await led.stillLeading();
  });
  await assert.rejects(lost, Unavailable);
  assert.equal(await subject.outbox.lead(5_000, async () => "next"), "next");
});
