/** What every {@link Outbox} does, the real one and the fake. The rows of other tests may be in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LedOutbox, Outbox, OutboxRow, Payment } from "../../processors/payments/payment-ports.ts";
import type { PaymentId } from "../../schemas/payment.ts";
import { anAsk, anItem, anOptionId, anOrder, won } from "./payment-samples.ts";
import type { PaymentSubject } from "./payment-book.ts";
import { aUserId, many } from "../../processors/testing/samples.ts";

/** An outbox, and the book that fills it. */
export interface OutboxSubject extends Pick<PaymentSubject, "book" | "register"> {
  readonly outbox: Outbox;
}

/** Pays so many orders of one user, in order. */
export const payments = async (
  { book, register }: Omit<OutboxSubject, "outbox">,
  count: number,
): Promise<readonly Payment[]> => {
  const [optionId, userId] = [anOptionId(), aUserId()];
  await register.addOptions([{ optionId, stock: count }]);
  await register.openAccounts([{ userId, amount: won(10_000 * count) }]);
  const orders = many(count, () => anOrder([anItem(optionId)], { userId }));
  await register.openOrders(orders);
  const answers = await book.pay(orders.map((order) => anAsk(order)));
  return answers.map((answer) => (answer.kind === "paid" ? answer.payment : assert.fail(answer.kind)));
};

/** Of all that is unpublished, the rows of these payments. */
export const rowsOf = async (led: LedOutbox, of: readonly Payment[]): Promise<readonly OutboxRow[]> => {
  const ids = new Set<PaymentId>(of.map(({ paymentId }) => paymentId));
  return (await led.unpublished(10_000)).filter(({ payment }) => ids.has(payment.paymentId));
};

const hourMs = 3_600_000;

/** Leads at once, or fails. */
const leading = async <T>(outbox: Outbox, work: (led: LedOutbox) => Promise<T>): Promise<T> =>
  (await outbox.lead(1_000, work)) ?? assert.fail("another one leads");

/** Registers the suite. `subject` is called inside each test. */
export const outboxContract = (name: string, subject: () => OutboxSubject): void => {
  const says = (what: string, body: (subject: OutboxSubject) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject()));

  says("has a row for each payment, in order, until it is marked", async (all) => {
    const paid = await payments(all, 5);
    await leading(all.outbox, async (led) => {
      const rows = await rowsOf(led, paid);
      assert.deepEqual(
        rows.map(({ payment }) => payment),
        paid,
      );
      const numbers = rows.map(({ outboxNo }) => outboxNo);
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      );
      assert.equal(await led.markPublished([...rows.slice(0, 1), ...rows.slice(3)]), 3);
      assert.deepEqual(await rowsOf(led, paid), rows.slice(1, 3));
      assert.equal(await led.markPublished(rows), 2);
      assert.equal(await led.markPublished([]), 0);
      assert.deepEqual(await rowsOf(led, paid), []);
      return true;
    });
  });

  says("notes nothing of a row that is another payment's by now", async (all) => {
    const paid = await payments(all, 2);
    await leading(all.outbox, async (led) => {
      const rows = await rowsOf(led, paid);
      const [first, second] = rows;
      assert.ok(first && second);
      assert.equal(await led.markPublished([{ outboxNo: first.outboxNo, payment: second.payment }]), 0);
      assert.deepEqual(await rowsOf(led, paid), rows);
      assert.equal(await led.markPublished(rows), 2);
      return true;
    });
  });

  says("reads no more than it is asked for, the oldest first", async (all) => {
    await payments(all, 3);
    await leading(all.outbox, async (led) => {
      const rows = await led.unpublished(10_000);
      assert.deepEqual(await led.unpublished(2), rows.slice(0, 2));
      return true;
    });
  });

  says("is led by one at a time, and by another when that one ends or fails", async ({ outbox }) => {
    await leading(outbox, async (led) => {
      assert.equal(await outbox.lead(1, async () => assert.fail()), undefined);
      await led.stillLeading();
      return true;
    });
    await assert.rejects(
      outbox.lead(1_000, () => Promise.reject(new RangeError("mine"))),
      /mine/,
    );
    assert.equal(await outbox.lead(1_000, async () => "its turn"), "its turn");
  });

  says("says how far the log is behind", async (all) => {
    const before = await all.outbox.lag();
    await payments(all, 2);
    // Other tests may pay meanwhile; none of them publishes.
    const behind = await all.outbox.lag();
    assert.ok(behind.rows >= before.rows + 2, JSON.stringify({ before, behind }));
    assert.ok(Number.isSafeInteger(behind.oldestMs) && behind.oldestMs >= 0, String(behind.oldestMs));
  });

  says("forgets what was published long ago, as many as it is told, and never what was not", async (all) => {
    const paid = await payments(all, 4);
    await leading(all.outbox, async (led) => {
      const rows = await rowsOf(led, paid);
      await led.markPublished(rows.slice(0, 3));
      assert.equal(await led.prune(hourMs, 10), 0);
      // Published in the past as seen from here: everything that is marked at all.
      const limited = await led.prune(-hourMs, 2);
      assert.equal(limited, 2);
      while ((await led.prune(-hourMs, 1_000)) > 0);
      assert.deepEqual(await rowsOf(led, paid), rows.slice(3));
      return true;
    });
  });
};
