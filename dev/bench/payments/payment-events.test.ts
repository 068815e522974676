/** Preloaded payments are what the benchmark says of them, and a history that lost or changed one is found out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Won } from "../../../schemas/coupon.ts";
import { differences } from "./history-rows.ts";
import { makePayments, withCopies } from "./payment-events.ts";

test("payment events: rise by id, each of another order", () => {
  const payments = makePayments("b", 2_000);
  const ids = payments.map(({ paymentId }) => paymentId);
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(new Set(ids).size, 2_000);
  assert.equal(new Set(payments.map(({ orderId }) => orderId)).size, 2_000);
});

test("payment events: keep their order and repeat one in a hundred, near and far, when copies are asked for", () => {
  const all = Array.from({ length: 100_000 }, (_, n) => n);
  const records = withCopies(all, 100);
  const firsts = new Map<number, number>();
  const distances = records.flatMap((n, at) => {
    const first = firsts.get(n);
    if (first === undefined) firsts.set(n, at);
    return first === undefined ? [] : [at - first];
  });
  assert.deepEqual([...firsts.keys()], all);
  assert.equal(distances.filter((distance) => distance < 100).length, 500);
  assert.equal(distances.filter((distance) => distance > 20_000).length, 400);
});

test("history rows: are found out when one is missing, of no payment, or says something else", () => {
  const payments = makePayments("b", 10);
  const [first, second] = payments;
  assert.ok(first !== undefined && second !== undefined);
  const rows = payments;
  assert.deepEqual(differences(rows, payments), []);
  assert.match(
    differences(rows.slice(1), payments).join(),
    new RegExp(`payment ${first.paymentId} has no row.*amount`),
  );
  assert.match(differences([...rows, ...makePayments("x", 1)], payments).join(), /of no payment/);
  const other = { ...second, amount: (second.amount + 1) as Won };
  assert.match(differences(rows.with(1, other), payments).join(), /says something else.*the sum of amount/);
  const swapped = { ...second, orderId: first.orderId };
  assert.match(differences(rows.with(1, swapped), payments).join(), /says something else/);
});
