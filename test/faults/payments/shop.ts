/** Orders to pay, opened a batch at a time while the load runs: also while the database is away now and then. */
import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import { type OwnCoupon, type PaymentPlan, planPayments } from "../../../dev/demo/payments/plan-payments.ts";
import { Unavailable } from "../../../engine/errors.ts";
import type { CouponId, PolicyId, ReservationId, UserId, Won } from "../../../schemas/coupon.ts";
import { couponBook } from "../../../stores/mysql/coupons/coupon-book.ts";
import { couponRegister } from "../../../stores/mysql/coupons/coupon-register.ts";
import type { Database } from "../../../stores/mysql/database.ts";
import { orderRegister } from "../../../stores/mysql/payments/order-register.ts";
import type { PayScene } from "./scene.ts";

/** Users of a batch who are given a coupon: as many as its orders want, see planPayments. */
const couponShare = 8 / 20;
const monthMs = 30 * 86_400_000;

/** Opens a batch of `orders` orders whose users' ids begin with `prefix`. Tries again, with new ids, until it is open. */
export const openBatch = async (
  { database, signal }: Pick<PayScene, "database" | "signal">,
  { prefix, orders }: { readonly prefix: string; readonly orders: number },
): Promise<PaymentPlan> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openOnce(database, `${prefix}${attempt}`, orders);
    } catch (error) {
      // What was opened in part has other ids than the next attempt, and is not paid.
      if (!(error instanceof Unavailable)) throw error;
      await sleep(250, undefined, { signal });
    }
  }
};

const openOnce = async (database: Database, prefix: string, orders: number): Promise<PaymentPlan> => {
  const coupons = await giveCoupons(database, prefix, Math.ceil(orders * couponShare));
  const plan = planPayments({ prefix, orders, coupons });
  const register = orderRegister(database);
  await register.addOptions(plan.options);
  await register.openAccounts(plan.deposits);
  for (let at = 0; at < plan.orders.length; at += 2_000) await register.openOrders(plan.orders.slice(at, at + 2_000));
  return plan;
};

/** Coupons of 10 %, issued as the workers of coupon issuing do. */
const giveCoupons = async (database: Database, prefix: string, count: number): Promise<readonly OwnCoupon[]> => {
  const [couponId, policyId] = [`${prefix}-coupon` as CouponId, "faults" as PolicyId];
  await couponRegister(database).open({
    ...{ couponId, policyId, stock: Math.max(1, count), opensAt: null, closesAt: null, validForDays: 30 },
    policy: {
      name: "Faults",
      discount: { kind: "percent", percent: 10, maxAmount: 100_000 as Won },
      minOrderAmount: 0 as Won,
    },
  });
  // Branded where they are made: v7 is what the API makes, and users here are names.
  const own = Array.from({ length: count }, (_, n) => ({
    userId: `${prefix}-holder-${n}` as UserId,
    reservationId: v7() as ReservationId,
  }));
  const [issuedAt, expiresAt] = [Date.now(), Date.now() + monthMs];
  await couponBook(database).issue(own.map((one) => ({ ...one, couponId, policyId, issuedAt, expiresAt })));
  return own;
};
