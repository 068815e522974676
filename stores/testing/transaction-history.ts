/** What every {@link TransactionHistory} does, the real one and the fake. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { v7 } from "uuid";
import { Poison } from "../../engine/errors.ts";
import type { UserId, Won } from "../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../schemas/payment.ts";
import type { HistoryRow, TransactionHistory } from "../../sinks/transaction-history.ts";
import { aMoment, aUserId, hostileIds, many } from "../../processors/testing/samples.ts";

/** A new payment. */
export const aPayment = (changes: Partial<HistoryRow> = {}): HistoryRow => ({
  paymentId: v7() as PaymentId,
  orderId: v7() as OrderId,
  userId: aUserId(),
  amount: 12_300 as Won,
  discount: 700 as Won,
  paidAt: aMoment,
  ...changes,
});

/** What is tested, and a look at what it holds of some payments, in any order. */
export interface HistorySubject {
  readonly history: TransactionHistory;
  readonly rowsOf: (paymentIds: readonly PaymentId[]) => Promise<readonly HistoryRow[]>;
}

const idsOf = (rows: readonly HistoryRow[]): readonly PaymentId[] => rows.map(({ paymentId }) => paymentId);
const byId = (rows: readonly HistoryRow[]): readonly HistoryRow[] =>
  rows.toSorted((a, b) => (a.paymentId < b.paymentId ? -1 : 1));
const naming =
  (code: string, { paymentId }: HistoryRow) =>
  (error: unknown) => {
    assert.ok(error instanceof Poison, String(error));
    assert.deepEqual([error.code, error.idempotencyKey], [code, paymentId]);
    return true;
  };

/** Registers the suite. `subject` is called inside each test. */
export const transactionHistoryContract = (name: string, subject: () => HistorySubject): void => {
  const says = (what: string, body: (subject: HistorySubject) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject()));
  const holds = async ({ rowsOf }: HistorySubject, rows: readonly HistoryRow[]) =>
    assert.deepEqual(byId(await rowsOf(idsOf(rows))), byId(rows));

  says("writes one row a payment, as it is", async (of) => {
    const rows = [aPayment(), aPayment({ amount: 0 as Won, discount: 0 as Won }), aPayment({ userId: aUserId() })];
    await of.history.record(rows);
    await holds(of, rows);
  });

  says("changes nothing when a round comes again, whole or in part", async (of) => {
    const rows = many(50, () => aPayment());
    await of.history.record(rows.slice(0, 20));
    await of.history.record(rows);
    await of.history.record(rows.slice(10));
    await holds(of, rows);
  });

  says("changes nothing when a decoded record comes again, which is no plain object", async (of) => {
    const rows = many(3, () => Object.assign(Object.create({}) as object, aPayment()));
    await of.history.record(rows);
    await of.history.record(rows);
  });

  says("writes a payment once when it is twice in a round", async (of) => {
    const row = aPayment();
    await of.history.record([row, aPayment(), row]);
    await holds(of, [row]);
  });

  const changes: readonly Partial<HistoryRow>[] = [
    { amount: 1 as Won },
    { discount: 1 as Won },
    { orderId: v7() as OrderId },
    { userId: aUserId() },
    { paidAt: aMoment + 1 },
  ];
  for (const change of changes) {
    says(`names a payment whose row has another ${Object.keys(change)}, and keeps that row`, async (of) => {
      const row = aPayment();
      await of.history.record([row]);
      const other = { ...row, ...change };
      const rest = [aPayment(), aPayment()];
      await assert.rejects(of.history.record([...rest, other]), naming("HISTORY_DIFFERS", row));
      await holds(of, [row, ...rest]);
    });
  }

  says("names a payment that is in one round with two contents, and keeps the first", async (of) => {
    const row = aPayment();
    await assert.rejects(of.history.record([row, { ...row, amount: 1 as Won }]), naming("HISTORY_DIFFERS", row));
    await holds(of, [row]);
  });

  const unfit: readonly Partial<HistoryRow>[] = [
    { paymentId: "no uuid" as PaymentId },
    { orderId: v7().toUpperCase() as OrderId },
    { userId: "" as UserId },
    { userId: "u".repeat(256) as UserId },
    { userId: "\ud800" as UserId },
    { amount: -1 as Won },
    { amount: 0.5 as Won },
    { discount: -1 as Won },
    { paidAt: -1 },
  ];
  says("names a payment that no row can hold, and writes nothing of the round", async (of) => {
    for (const change of unfit) {
      const [good, bad] = [aPayment(), aPayment(change)];
      await assert.rejects(of.history.record([good, bad]), naming("BAD_PAYMENT", bad));
      assert.deepEqual(await of.rowsOf([good.paymentId]), []);
    }
  });

  says("writes each payment once when several write overlapping rounds at once", async (of) => {
    const rows = many(200, () => aPayment());
    const rounds = many(8, (at) => (at % 2 === 0 ? rows.slice(at * 10) : rows.toReversed()));
    await Promise.all(rounds.map((round) => of.history.record(round)));
    await holds(of, rows);
  });

  says("keeps hostile user ids and the largest amounts unharmed", async (of) => {
    const amount = Number.MAX_SAFE_INTEGER as Won;
    // Erasure: any text of that length is an id to a store.
    const rows = hostileIds().map((userId) => aPayment({ userId: userId as UserId, amount, discount: amount }));
    await of.history.record(rows);
    await of.history.record(rows);
    await holds(of, rows);
  });

  says("writes a round of 5,000, and nothing when asked for nothing", async (of) => {
    const rows = many(5_000, () => aPayment());
    await of.history.record(rows);
    await of.history.record([]);
    await holds(of, rows);
  });
};
