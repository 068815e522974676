/** The outbox of payments as the subject of the contract of outboxes: its rows are written by paying orders. */
import assert from "node:assert/strict";
import type { OutboxSubject } from "../../engine/outbox/testing/outbox-contract.ts";
import type { Payment } from "../../processors/payments/payment-ports.ts";
import { aUserId, many } from "../../processors/testing/samples.ts";
import type { PaymentSubject } from "./payment-book.ts";
import { anAsk, anItem, anOptionId, anOrder, won } from "./payment-samples.ts";

/** Pays so many orders of one user in this trace, in order. */
export const payments = async (
  { book, register }: Pick<PaymentSubject, "book" | "register">,
  count: number,
  traceparent?: string,
): Promise<readonly Payment[]> => {
  const [optionId, userId] = [anOptionId(), aUserId()];
  await register.addOptions([{ optionId, stock: count }]);
  await register.openAccounts([{ userId, amount: won(10_000 * count) }]);
  const orders = many(count, () => anOrder([anItem(optionId)], { userId }));
  await register.openOrders(orders);
  const answers = await book.pay(orders.map((order) => anAsk(order, { traceparent })));
  return answers.map((answer) => (answer.kind === "paid" ? answer.payment : assert.fail(answer.kind)));
};

/** Ids of the rows of payments. */
export const idsOf = (paid: readonly Payment[]): readonly string[] => paid.map(({ paymentId }) => paymentId);

/** For `outboxContract`: an outbox, and the book that fills it. */
export const paymentOutboxSubject = (
  all: Pick<PaymentSubject, "book" | "register"> & Pick<OutboxSubject<Payment>, "outbox" | "orphan">,
): OutboxSubject<Payment> => ({
  outbox: all.outbox,
  orphan: all.orphan,
  write: (count, traceparent) => payments(all, count, traceparent),
  idOf: ({ paymentId }) => paymentId,
});
