/** Database, gate and history in memory: what MariaDB and Redis are to the other systems. */
import type { CouponApiPorts } from "../../api/http/parameters.ts";
import { systemClock } from "../../engine/clock.ts";
import type { Fence } from "../../engine/lease.ts";
import type { CouponBook } from "../../processors/coupons/coupon-ports.ts";
import { memoryCouponStock } from "../../processors/memory/memory-coupon-stock.ts";
import {
  type MemoryDatabase,
  memoryCouponBook,
  memoryCouponCatalog,
  memoryCouponRegister,
  memoryDatabase,
  memoryIdempotencyKeys,
  memoryLeases,
  memoryVerdictLookup,
} from "../../processors/memory/memory-database.ts";
import { type MemoryPayments, memoryPayments } from "../../processors/memory/memory-payments.ts";
import { rulePaymentBook } from "../../processors/memory/rule-payment-book.ts";
import { memoryTransactionHistory } from "../../sinks/memory/memory-transaction-history.ts";

/** Empty stores. */
export const memoryStores = () => {
  const coupons = memoryDatabase();
  const payments: MemoryPayments = {
    ...memoryPayments(),
    get now() {
      return systemClock.now();
    },
  };
  const gate = memoryCouponStock();
  const catalog = memoryCouponCatalog(coupons);
  const ports: CouponApiPorts = {
    idempotencyKeys: memoryIdempotencyKeys(coupons),
    verdicts: memoryVerdictLookup(coupons),
    coupons: memoryCouponRegister(coupons),
    catalog,
    payments: rulePaymentBook(payments),
  };
  return {
    coupons,
    payments,
    gate,
    history: memoryTransactionHistory(),
    ports,
    leases: memoryLeases(coupons),
    /** What the steps of coupon issuing need, under a lease. */
    couponDeps: (fence: Fence) => ({
      stock: gate.under(fence),
      catalog,
      book: payableBook(memoryCouponBook(coupons, fence), coupons, payments),
    }),
  };
};

/** All of them. */
export type MemoryStores = ReturnType<typeof memoryStores>;

/** What is issued can be paid with: in a database both are one table. */
const payableBook = (book: CouponBook, { coupons }: MemoryDatabase, payments: MemoryPayments): CouponBook => ({
  ...book,
  issue: async (issues) => {
    const round = await book.issue(issues);
    for (const [at, answer] of round.answers.entries()) {
      const issue = issues[at];
      if (issue === undefined || answer.kind !== "issued" || payments.coupons.has(issue.reservationId)) continue;
      const policy = coupons.get(issue.couponId)?.policy;
      if (policy === undefined) continue;
      const { discount, minOrderAmount } = policy;
      const coupon = { userId: issue.userId, used: false, expiresAt: answer.expiresAt, discount, minOrderAmount };
      payments.coupons.set(issue.reservationId, coupon);
    }
    return round;
  },
});
