/** Payments in flat memory: whatever a table or a topic may have of them is read back as it was. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import type { UserId, Won } from "../../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../../schemas/payment.ts";
import { paymentRows } from "./payment-rows.ts";

test("payment rows: read back the largest and smallest amounts that a table may have, and an order that is no UUID", () => {
  const rows = paymentRows();
  const paymentId = "01900000-0000-7000-8000-000000000001" as PaymentId;
  const payment: Payment = {
    ...{ paymentId, orderId: "not-one" as OrderId, userId: "u" as UserId },
    ...{
      amount: Number.MAX_SAFE_INTEGER as Won,
      discount: Number.MIN_SAFE_INTEGER as Won,
      paidAt: Number.MAX_SAFE_INTEGER,
    },
  };
  rows.set(paymentId, payment);
  assert.deepEqual(rows.get(paymentId), payment);
});
