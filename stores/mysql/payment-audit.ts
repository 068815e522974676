/** Looks at the payment tables from outside, for a proof that everything adds up. Reads whole tables: not for every minute. */
import type { Database } from "./database.ts";
import { type Session, withSession } from "./session.ts";

/** What does not add up; all 0 where all is well. Exact only while nobody pays. */
export interface PaymentAudit {
  readonly payments: number;
  /** Rows of the outbox that are not published. */
  readonly unpublished: number;
  /** Orders after payment without a payment, and payments of orders before payment. */
  readonly ordersOff: number;
  /** Options whose stock is not what remains and what paid orders have. */
  readonly optionsOff: number;
  /** Accounts whose deposit is not the balance and what was paid. */
  readonly balancesOff: number;
  /** Coupons of paid orders that are not used, and used coupons of no paid order. */
  readonly couponsOff: number;
  /** Payments whose amount and discount are not what their order costs. */
  readonly amountsOff: number;
}

// Indexes are named where large tables meet: right after a burst the optimizer takes them for small, and compares each
// row of one with each of the other.
const count = {
  payments: "SELECT COUNT(*) AS n FROM payment",
  unpublished: "SELECT COUNT(*) AS n FROM outbox WHERE published_at IS NULL",
  ordersOff: `SELECT (SELECT COUNT(*) FROM customer_order LEFT JOIN payment FORCE INDEX (one_an_order)
      ON payment.order_id = customer_order.order_id
      WHERE (customer_order.status = 2) <> (payment.payment_id IS NOT NULL))
    + (SELECT COUNT(*) FROM payment LEFT JOIN customer_order FORCE INDEX (PRIMARY)
      ON customer_order.order_id = payment.order_id
      WHERE customer_order.order_id IS NULL) AS n`,
  optionsOff: `SELECT COUNT(*) AS n FROM product_option LEFT JOIN (
      SELECT order_item.option_no, SUM(order_item.quantity) AS units
      FROM payment STRAIGHT_JOIN order_item FORCE INDEX (PRIMARY) ON order_item.order_id = payment.order_id
      GROUP BY order_item.option_no
    ) AS sold ON sold.option_no = product_option.option_no
    WHERE product_option.stock <> product_option.remaining + COALESCE(sold.units, 0)`,
  balancesOff: `SELECT COUNT(*) AS n FROM user_balance LEFT JOIN (
      SELECT user_id, SUM(amount) AS won FROM payment GROUP BY user_id
    ) AS paid ON paid.user_id = user_balance.user_id
    WHERE user_balance.deposited <> user_balance.balance + COALESCE(paid.won, 0)`,
  couponsOff: `SELECT (SELECT COUNT(*) FROM payment
        STRAIGHT_JOIN order_coupon FORCE INDEX (PRIMARY) ON order_coupon.order_id = payment.order_id
        LEFT JOIN user_coupon FORCE INDEX (PRIMARY) ON user_coupon.reservation_id = order_coupon.reservation_id
      WHERE user_coupon.status IS NULL OR user_coupon.status <> 2)
    + (SELECT COUNT(*) FROM user_coupon LEFT JOIN (
        SELECT DISTINCT order_coupon.reservation_id
        FROM payment STRAIGHT_JOIN order_coupon FORCE INDEX (PRIMARY) ON order_coupon.order_id = payment.order_id
      ) AS spent ON spent.reservation_id = user_coupon.reservation_id
      WHERE user_coupon.status = 2 AND spent.reservation_id IS NULL) AS n`,
  amountsOff: `SELECT COUNT(*) AS n FROM (
      SELECT payment.payment_id
      FROM payment STRAIGHT_JOIN order_item FORCE INDEX (PRIMARY) ON order_item.order_id = payment.order_id
      GROUP BY payment.payment_id, payment.amount, payment.discount
      HAVING payment.amount + payment.discount <> SUM(order_item.quantity * order_item.unit_price)
    ) AS off`,
} as const satisfies Record<keyof PaymentAudit, string>;

/** Counts, in one snapshot each. @throws Unavailable */
export const auditPayments = (database: Database): Promise<PaymentAudit> =>
  withSession(database, async (session) => {
    const number = (sql: string) => numberOf(session, sql);
    return {
      payments: await number(count.payments),
      unpublished: await number(count.unpublished),
      ordersOff: await number(count.ordersOff),
      optionsOff: await number(count.optionsOff),
      balancesOff: await number(count.balancesOff),
      couponsOff: await number(count.couponsOff),
      amountsOff: await number(count.amountsOff),
    };
  });

const numberOf = async ({ rows }: Session, sql: string): Promise<number> => {
  const [row] = await rows<{ readonly n: number | string }>(sql, []);
  return Number(row?.n ?? 0);
};
