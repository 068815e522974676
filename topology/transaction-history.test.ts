/** The history of payments, in process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { UserId, Won } from "../schemas/coupon.ts";
import { type OrderId, type PaymentCompleted, type PaymentId, paymentsCompleted } from "../schemas/payment.ts";
import { createDriver } from "../engine/testing/driver.ts";
import { memoryTransactionHistory } from "../sinks/memory/memory-transaction-history.ts";
import { transactionHistory } from "./transaction-history.ts";
import { staleDrawings } from "./write-snapshots.ts";

const idOf = (n: number): string => `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`;
/** Payment `n`. The casts make ids, at the edge of the test. */
const payment = (n: number, changes: Partial<PaymentCompleted> = {}): PaymentCompleted => ({
  paymentId: idOf(n) as PaymentId,
  orderId: idOf(1_000 + n) as OrderId,
  userId: `user-${n}` as UserId,
  amount: (100 * n) as Won,
  discount: 0 as Won,
  paidAt: 1_780_000_000_000 + n,
  ...changes,
});

const open = () => {
  const history = memoryTransactionHistory();
  return { history, driver: createDriver(transactionHistory, { history }) };
};

test("transaction-history: keeps one row a payment, whatever is delivered again", async () => {
  const { history, driver } = open();
  const payments = [payment(1), payment(2), payment(3)];
  const ended = await driver.send(paymentsCompleted, payments);
  await driver.send(paymentsCompleted, [payment(4), payment(2)]);
  await driver.send(paymentsCompleted, payments, { offset: 0n });
  assert.deepEqual(
    ended.map(({ trace }) => trace),
    payments.map(() => ["write transaction-history"]),
  );
  assert.deepEqual([...history.rows.values()], [...payments, payment(4)]);
});

test("transaction-history: sets a payment aside, and no other, when its row says something else", async () => {
  const { history, driver } = open();
  await driver.send(paymentsCompleted, payment(1));
  const ended = await driver.send(paymentsCompleted, [payment(2), payment(1, { amount: 1 as Won }), payment(3)]);
  assert.deepEqual(
    ended.map(({ kind, trace }) => [kind, ...trace]),
    [
      ["ended", "write transaction-history"],
      ["failed", "write transaction-history failed"],
      ["ended", "write transaction-history"],
    ],
  );
  assert.deepEqual([...history.rows.values()], [payment(1), payment(2), payment(3)]);
});

test("transaction-history: is drawn as it was reviewed (after a change that is meant: npx node topology/write-snapshots.ts)", async () => {
  assert.deepEqual(await staleDrawings(transactionHistory), []);
});
