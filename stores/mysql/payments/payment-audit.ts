/**
 * Reads everything there is about payments, for `sluice verify`: payments, outbox and history row by row,
 * and where orders, options, accounts and coupons disagree. Reads whole tables, so it is not for every minute.
 */
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import type { PaymentId } from "../../../schemas/payment.ts";
import { bytesOf, hexOf } from "../../ids.ts";
import { columns, integerColumn, nullable, type RowOf, textColumn, uuidColumn } from "../columns/columns.ts";
import type { Database } from "../database.ts";
import { eachRow, pageRows } from "../pages.ts";
import { paymentColumns } from "./payment-columns.ts";
import { withSession } from "../session.ts";

/** Ids of what is inconsistent, at most {@link auditMaxIds} of each kind; none where all agrees. */
export interface PaymentBooks {
  /** Orders after payment without a payment, and orders before payment, or unknown, with one. */
  readonly ordersOff: readonly string[];
  /** Options whose stock is not what remains and what paid orders have. */
  readonly optionsOff: readonly string[];
  /** Users whose deposit is not their balance and what they paid; who paid without an account. */
  readonly balancesOff: readonly string[];
  /** Coupons of paid orders that are not used or are another user's, and used coupons of no paid order or of two. */
  readonly couponsOff: readonly string[];
  /** Payments whose amount and discount are not what their order costs, and its coupons take off. */
  readonly amountsOff: readonly string[];
}

/** A row of the outbox. */
export interface OutboxEntry {
  readonly outboxNo: number;
  readonly paymentId: PaymentId;
  readonly published: boolean;
}

/** Each statement sees one moment; rows inserted while a table is read may be missed. Everything throws Unavailable. */
export interface PaymentAudit {
  readonly payments: (see: (payment: Payment) => void) => Promise<void>;
  readonly outbox: (see: (entry: OutboxEntry) => void) => Promise<void>;
  /** Rows of the transaction history. */
  readonly history: (see: (payment: Payment) => void) => Promise<void>;
  readonly books: () => Promise<PaymentBooks>;
  /** How many of these payments are not in both of payments and history, or say something else there. At most 10,000 ids. */
  readonly unlike: (paymentIds: readonly PaymentId[]) => Promise<number>;
}

/** Ids of one kind at most: enough to see how many there are. */
export const auditMaxIds = 1_000;

const payments = { payment: paymentColumns("payment"), transaction_history: paymentColumns("transaction_history") };
const selectPayments = (table: keyof typeof payments) =>
  `SELECT ${payments[table].list} FROM ${table}
    WHERE payment_id > ? ORDER BY payment_id LIMIT ${pageRows}`;

const outboxColumns = columns("outbox", {
  outboxNo: integerColumn(),
  paymentId: uuidColumn<PaymentId>(),
  publishedAt: nullable(integerColumn()),
});
const selectOutbox = `SELECT ${outboxColumns.list} FROM outbox
  WHERE outbox_no > ? ORDER BY outbox_no LIMIT ${pageRows}`;

const unlikely = columns("audit", { unlike: integerColumn() }, { unlike: "COUNT(*)" });
const countUnlike = `SELECT ${unlikely.list}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (payment_id CHAR(32) CHARACTER SET ascii PATH '$')) AS wanted
  LEFT JOIN payment ON payment.payment_id = UNHEX(wanted.payment_id)
  LEFT JOIN transaction_history AS history ON history.payment_id = UNHEX(wanted.payment_id)
  WHERE payment.payment_id IS NULL OR history.payment_id IS NULL OR payment.order_id <> history.order_id
    OR payment.user_id <> history.user_id OR payment.amount <> history.amount OR payment.discount <> history.discount
    OR payment.paid_at <> history.paid_at`;

const found = columns("audit", { id: textColumn() });

// Indexes are named where large tables meet: right after a burst the optimizer takes them for small, and compares each
// row of one with each of the other.
const ordersOff = `SELECT LOWER(HEX(customer_order.order_id)) AS id
    FROM customer_order LEFT JOIN payment FORCE INDEX (one_an_order) ON payment.order_id = customer_order.order_id
    WHERE (customer_order.status = 2) <> (payment.payment_id IS NOT NULL)
  UNION ALL SELECT LOWER(HEX(payment.order_id))
    FROM payment LEFT JOIN customer_order FORCE INDEX (PRIMARY) ON customer_order.order_id = payment.order_id
    WHERE customer_order.order_id IS NULL OR customer_order.user_id <> payment.user_id`;

const optionsOff = `SELECT CONVERT(product_option.option_id USING utf8mb4) AS id FROM product_option LEFT JOIN (
    SELECT order_item.option_no, SUM(order_item.quantity) AS units
    FROM payment STRAIGHT_JOIN order_item FORCE INDEX (PRIMARY) ON order_item.order_id = payment.order_id
    GROUP BY order_item.option_no
  ) AS sold ON sold.option_no = product_option.option_no
  WHERE product_option.stock <> product_option.remaining + COALESCE(sold.units, 0)`;

const balancesOff = `SELECT CONVERT(user_balance.user_id USING utf8mb4) AS id FROM user_balance LEFT JOIN (
    SELECT user_id, SUM(amount) AS won FROM payment GROUP BY user_id
  ) AS paid ON paid.user_id = user_balance.user_id
  WHERE user_balance.deposited <> user_balance.balance + COALESCE(paid.won, 0)
  UNION ALL SELECT CONVERT(payment.user_id USING utf8mb4)
    FROM payment LEFT JOIN user_balance FORCE INDEX (PRIMARY) ON user_balance.user_id = payment.user_id
    WHERE payment.amount > 0 AND user_balance.user_id IS NULL`;

const couponsOff = `SELECT LOWER(HEX(order_coupon.reservation_id)) AS id FROM payment
    STRAIGHT_JOIN order_coupon FORCE INDEX (PRIMARY) ON order_coupon.order_id = payment.order_id
    LEFT JOIN user_coupon FORCE INDEX (PRIMARY) ON user_coupon.reservation_id = order_coupon.reservation_id
    WHERE user_coupon.status IS NULL OR user_coupon.status <> 2 OR user_coupon.user_id <> payment.user_id
  UNION ALL SELECT LOWER(HEX(user_coupon.reservation_id)) FROM user_coupon LEFT JOIN (
      SELECT order_coupon.reservation_id, COUNT(*) AS orders
      FROM payment STRAIGHT_JOIN order_coupon FORCE INDEX (PRIMARY) ON order_coupon.order_id = payment.order_id
      GROUP BY order_coupon.reservation_id
    ) AS spent ON spent.reservation_id = user_coupon.reservation_id
    WHERE (user_coupon.status = 2 AND spent.orders IS NULL) OR spent.orders > 1`;

// The discount is computed here again, by other code than the one that took it.
const amountsOff = `SELECT LOWER(HEX(priced.payment_id)) AS id FROM (
    SELECT payment.payment_id, payment.order_id, payment.amount, payment.discount,
      COALESCE(SUM(order_item.quantity * order_item.unit_price), 0) AS total
    FROM payment LEFT JOIN order_item FORCE INDEX (PRIMARY) ON order_item.order_id = payment.order_id
    GROUP BY payment.payment_id, payment.order_id, payment.amount, payment.discount
  ) AS priced
  LEFT JOIN order_coupon FORCE INDEX (PRIMARY) ON order_coupon.order_id = priced.order_id
  LEFT JOIN user_coupon FORCE INDEX (PRIMARY) ON user_coupon.reservation_id = order_coupon.reservation_id
  LEFT JOIN policy_snapshot ON policy_snapshot.snapshot_no = user_coupon.snapshot_no
  GROUP BY priced.payment_id, priced.amount, priced.discount, priced.total
  HAVING priced.amount + priced.discount <> priced.total OR priced.discount <> LEAST(priced.total, COALESCE(SUM(
    LEAST(policy_snapshot.discount_amount, COALESCE(priced.total * policy_snapshot.discount_percent DIV 100, priced.total))
  ), 0))`;

/** The audit of a database. */
export const paymentAudit = (database: Database): PaymentAudit => {
  const eachPayment = (table: keyof typeof payments, see: (payment: Payment) => void): Promise<void> =>
    withSession(database, (session) => {
      const keyOf = ({ paymentId }: Payment) => bytesOf(paymentId);
      const paged = { columns: payments[table], sql: selectPayments(table), from: Buffer.alloc(0), keyOf };
      return eachRow(session, paged, see);
    });
  const idsOf = (sql: string): Promise<readonly string[]> =>
    withSession(database, async ({ select }) => {
      const rows = await select(found, `${sql} LIMIT ${auditMaxIds}`, []);
      return rows.map(({ id }) => id);
    });
  return {
    payments: (see) => eachPayment("payment", see),
    history: (see) => eachPayment("transaction_history", see),
    outbox: (see) =>
      withSession(database, (session) => {
        const keyOf = ({ outboxNo }: RowOf<typeof outboxColumns>) => outboxNo;
        const paged = { columns: outboxColumns, sql: selectOutbox, from: 0, keyOf };
        return eachRow(session, paged, ({ outboxNo, paymentId, publishedAt }) =>
          see({ outboxNo, paymentId, published: publishedAt !== null }),
        );
      }),
    unlike: (paymentIds) =>
      withSession(database, async ({ select }) => {
        const [row] = await select(unlikely, countUnlike, [JSON.stringify(paymentIds.map(hexOf))]);
        return row?.unlike ?? 0;
      }),
    books: async () => ({
      ordersOff: await idsOf(ordersOff),
      optionsOff: await idsOf(optionsOff),
      balancesOff: await idsOf(balancesOff),
      couponsOff: await idsOf(couponsOff),
      amountsOff: await idsOf(amountsOff),
    }),
  };
};
