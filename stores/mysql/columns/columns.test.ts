/** What a SELECT lists, and what its rows have to look like. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fatal } from "../../../engine/errors.ts";
import type { UserId } from "../../../schemas/coupon.ts";
import type { PaymentId } from "../../../schemas/payment.ts";
import { hexOf } from "../../ids.ts";
import {
  bytesColumn,
  columns,
  idColumn,
  integerColumn,
  joined,
  nullable,
  optional,
  textColumn,
  uuidColumn,
  wonColumn,
} from "./columns.ts";

const paymentId = "0198c2a4-7d3e-7abc-8def-0123456789ab" as PaymentId;
const payment = columns("payment", {
  paymentId: uuidColumn<PaymentId>(),
  userId: idColumn<UserId>(),
  amount: wonColumn(),
});
const row = { payment_id: Buffer.from(hexOf(paymentId), "hex"), user_id: Buffer.from("한"), amount: 7 };

test("columns: list and decode the columns of a table", () => {
  assert.equal(payment.list, "payment.payment_id, payment.user_id, payment.amount");
  assert.deepEqual(payment.decode(row), { paymentId, userId: "한", amount: 7 });
});

test("columns: name an expression as its field", () => {
  const clock = columns("clock", { nowMs: integerColumn() }, { nowMs: "NOW()" });
  assert.equal(clock.list, "NOW() AS now_ms");
  assert.deepEqual(clock.decode({ now_ms: 5 }), { nowMs: 5 });
});

test("columns: read both tables when they are joined", () => {
  const both = joined(payment, columns("outbox", { outboxNo: integerColumn() }));
  assert.equal(both.list, "payment.payment_id, payment.user_id, payment.amount, outbox.outbox_no");
  assert.deepEqual(both.decode({ ...row, outbox_no: 3 }), { paymentId, userId: "한", amount: 7, outboxNo: 3 });
});

test("columns: are null under their name when a LEFT JOIN found nothing", () => {
  const found = optional("paid", "payment_id", payment);
  assert.deepEqual(found.decode(row), { paid: { paymentId, userId: "한", amount: 7 } });
  assert.deepEqual(found.decode({ payment_id: null, user_id: null, amount: null }), { paid: null });
});

const own = (column: ReturnType<typeof integerColumn | typeof textColumn | typeof bytesColumn>) =>
  columns("coupon", { opensAt: column });
const wrongs = [
  ["no UUID", payment, { ...row, payment_id: Buffer.alloc(15) }, "payment.payment_id: expected 16 bytes, got 15 bytes"],
  [
    "no bytes",
    payment,
    { ...row, user_id: "alice" },
    "payment.user_id: expected the bytes of an id, got text of 5 characters",
  ],
  ["below 0", payment, { ...row, amount: -1 }, "payment.amount: expected whole won from 0 to 2^53 - 1, got number -1"],
  [
    "a DECIMAL",
    own(integerColumn()),
    { opens_at: "12" },
    "coupon.opens_at: expected an integer from 0 to 2^53 - 1, got text of 2 characters",
  ],
  [
    "unsafe",
    own(integerColumn()),
    { opens_at: 2 ** 53 },
    "coupon.opens_at: expected an integer from 0 to 2^53 - 1, got number 9007199254740992",
  ],
  [
    "NULL",
    own(integerColumn()),
    { opens_at: null },
    "coupon.opens_at: expected an integer from 0 to 2^53 - 1, got NULL",
  ],
  ["no text", own(textColumn()), { opens_at: 1 }, "coupon.opens_at: expected text, got number 1"],
  ["no hash", own(bytesColumn(32)), { opens_at: Buffer.alloc(16) }, "coupon.opens_at: expected 32 bytes, got 16 bytes"],
  ["not selected", own(bytesColumn()), {}, "coupon.opens_at: expected bytes, got no such column in the answer"],
] as const;

for (const [what, read, wrong, message] of wrongs) {
  test(`columns: name table, column, expected and got when a value is ${what}`, () => {
    assert.throws(
      () => read.decode(wrong),
      (error) => error instanceof Fatal && error.code === "COLUMN_SHAPE" && error.message === message,
    );
  });
}

test("columns: let NULL through when they may be NULL, and nothing else", () => {
  const optionalTime = columns("coupon", { opensAt: nullable(integerColumn()) });
  assert.deepEqual(optionalTime.decode({ opens_at: null }), { opensAt: null });
  assert.throws(() => optionalTime.decode({ opens_at: "x" }), /an integer from 0 to 2\^53 - 1, or NULL, got text/);
});
