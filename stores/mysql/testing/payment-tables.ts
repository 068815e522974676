/** Looks into the payment tables, and gives coupons, for tests. */
import type { PaymentSubject } from "../../testing/payment-book.ts";
import { aCoupon, anIssue } from "../../../processors/testing/samples.ts";
import { hexOf } from "../../ids.ts";
import { couponBook } from "../coupons/coupon-book.ts";
import { couponRegister } from "../coupons/coupon-register.ts";
import type { Database } from "../database.ts";
import type { Parameter } from "../connection.ts";
import { numberOf } from "./number-of.ts";

const leftOf = "SELECT remaining AS n FROM product_option WHERE option_id = ?";
const balanceOf = "SELECT balance AS n FROM user_balance WHERE user_id = ?";
const statusOfOrder = "SELECT status AS n FROM customer_order WHERE order_id = UNHEX(?)";
const statusOfCoupon = "SELECT status AS n FROM user_coupon WHERE reservation_id = UNHEX(?)";
const rowsOfOutbox = "SELECT COUNT(*) AS n FROM outbox WHERE payment_id = UNHEX(?)";

/** What a contract's subject has besides its ports. */
export const paymentTables = (database: Database): Pick<PaymentSubject, "giveCoupon" | "look"> => {
  const number = (sql: string, value: Parameter): Promise<number> => numberOf(database, sql, [value]);
  return {
    giveCoupon: async (userId, policy, expiresInMs) => {
      const coupon = aCoupon(1, { policy });
      await couponRegister(database).open(coupon);
      // The test's machine is the database's.
      const issue = anIssue(coupon.couponId, { userId, expiresAt: Date.now() + expiresInMs });
      await couponBook(database).issue([issue]);
      return issue.reservationId;
    },
    look: {
      left: (optionId) => number(leftOf, Buffer.from(optionId)),
      balance: (userId) => number(balanceOf, Buffer.from(userId)),
      isPaid: async (orderId) => (await number(statusOfOrder, hexOf(orderId))) === 2,
      isUsed: async (reservationId) => (await number(statusOfCoupon, hexOf(reservationId))) === 2,
      outboxRows: (paymentId) => number(rowsOfOutbox, hexOf(paymentId)),
    },
  };
};
