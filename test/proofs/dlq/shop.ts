/** The shop behind the proof of replays: coupons and paid orders in the database, rows that are in the way, and what was done. */
import type { CouponIssueRequested, PolicyId, Won } from "../../../schemas/coupon.ts";
import type { PaymentCompleted } from "../../../schemas/payment.ts";
import type { OptionId } from "../../../processors/payments/payment-ports.ts";
import { hexOf } from "../../../stores/ids.ts";
import { columns, integerColumn, textColumn } from "../../../stores/mysql/columns/columns.ts";
import { couponRegister } from "../../../stores/mysql/coupons/coupon-register.ts";
import type { Database } from "../../../stores/mysql/database.ts";
import { orderRegister } from "../../../stores/mysql/payments/order-register.ts";
import { type Session, withSession } from "../../../stores/mysql/session.ts";
import { closedCouponId, couponIds, type Made, price } from "./records.ts";

const optionId = "replayed" as OptionId;
const plenty = 1_000_000;

/** Opens coupons of which there are enough for everybody, and one that has closed. */
export const openCoupons = async (database: Database): Promise<void> => {
  const register = couponRegister(database);
  for (const couponId of [...couponIds, closedCouponId])
    await register.open({
      couponId,
      policyId: "replayed" as PolicyId,
      stock: plenty,
      opensAt: null,
      closesAt: couponId === closedCouponId ? 1 : null,
      validForDays: 30,
      policy: {
        name: "Replayed",
        discount: { kind: "fixed", amount: 1_000 as Won },
        minOrderAmount: 0 as Won,
      },
    });
};

/** JSON of ids, read as a table. */
const given = `JSON_TABLE(?, '$[*]' COLUMNS (payment CHAR(32) CHARACTER SET ascii PATH '$[0]',
  ordered CHAR(32) CHARACTER SET ascii PATH '$[1]', user VARCHAR(64) PATH '$[2]', paid BIGINT PATH '$[3]')) AS given`;

const paid = [
  `INSERT INTO payment (payment_id, order_id, user_id, amount, discount, paid_at)
    SELECT UNHEX(given.payment), UNHEX(given.ordered), given.user, ${price}, 0, given.paid FROM ${given}`,
  `INSERT INTO outbox (payment_id, published_at) SELECT UNHEX(given.payment), given.paid FROM ${given}`,
  `UPDATE customer_order JOIN ${given} ON customer_order.order_id = UNHEX(given.ordered) SET customer_order.status = 2`,
];

/** Orders of one registering transaction. */
const ordersAtOnce = 2_000;

/**
 * Makes orders and pays them by SQL: how an order is paid is not what is proved here. What the payment API and the relay
 * leave behind is there: payments, published rows of the outbox, stock and balances.
 */
export const payOrders = async (database: Database, payments: readonly PaymentCompleted[]): Promise<void> => {
  const register = orderRegister(database);
  await register.addOptions([{ optionId, stock: plenty }]);
  for (let at = 0; at < payments.length; at += ordersAtOnce) {
    const some = payments.slice(at, at + ordersAtOnce);
    await register.openAccounts(some.map(({ userId }) => ({ userId, amount: price })));
    const items = [{ optionId, quantity: 1, unitPrice: price }];
    await register.openOrders(some.map(({ orderId, userId }) => ({ orderId, userId, items, coupons: [] })));
    const rows = JSON.stringify(
      some.map(({ paymentId, orderId, userId, paidAt }) => [hexOf(paymentId), hexOf(orderId), userId, paidAt]),
    );
    await withSession(database, async ({ change }) => {
      for (const sql of paid) await change(sql, [rows]);
      await change("UPDATE product_option SET remaining = remaining - ? WHERE option_id = ?", [some.length, optionId]);
    });
  }
  await withSession(database, ({ change }) => change("UPDATE user_balance SET balance = 0", []));
};

const ids = "JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(32) CHARACTER SET ascii PATH '$')) AS given";
const plantRefusals = `INSERT INTO refusal (reservation_id, coupon_id, user_id, reason, refused_at)
  SELECT UNHEX(given.id), 'another', 'another', 1, 1 FROM ${ids}`;
const plantHistory = `INSERT INTO transaction_history (payment_id, order_id, user_id, amount, discount, paid_at)
  SELECT UNHEX(given.id), UNHEX(given.id), 'another', 1, 0, 1 FROM ${ids}`;

/** Puts rows of other contents under the ids of records whose kind says so. */
export const plantRows = (
  database: Database,
  requests: readonly Made<CouponIssueRequested>[],
  payments: readonly Made<PaymentCompleted>[],
): Promise<void> =>
  withSession(database, async ({ change }) => {
    const asked = requests.flatMap(({ kind, value }) => (kind === "planted" ? [hexOf(value.reservationId)] : []));
    await change(plantRefusals, [JSON.stringify(asked)]);
    const paidFor = payments.flatMap(({ kind, value }) =>
      kind === "planted" || kind === "planted-stays" ? [hexOf(value.paymentId)] : [],
    );
    await change(plantHistory, [JSON.stringify(paidFor)]);
  });

/** Takes planted rows away again: those of the history only of payments of this kind. */
export const unplantRows = (
  database: Database,
  payments: readonly Made<PaymentCompleted>[],
  kind: "planted" | "planted-stays",
): Promise<void> =>
  withSession(database, async ({ change }) => {
    if (kind === "planted") await change("DELETE FROM refusal WHERE user_id = 'another'", []);
    const own = payments.flatMap((one) => (one.kind === kind ? [hexOf(one.value.paymentId)] : []));
    await change(
      `DELETE transaction_history FROM transaction_history JOIN ${ids}
        ON transaction_history.payment_id = UNHEX(given.id) WHERE transaction_history.user_id = 'another'`,
      [JSON.stringify(own)],
    );
  });

/** Tables whose rows the database fails to write, for users whose names begin so. */
const failing = { user_coupon: "unwritten-", refusal: "unrefused-", transaction_history: "unwritten-" } as const;

/** Makes the database fail at rows of some users, with an error that says nothing about whose fault it is. */
export const failRows = (database: Database): Promise<void> =>
  withSession(database, async ({ change }) => {
    for (const [table, prefix] of Object.entries(failing))
      await change(
        `CREATE TRIGGER fail_${table} BEFORE INSERT ON ${table} FOR EACH ROW
          IF NEW.user_id LIKE '${prefix}%' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the proof says no'; END IF`,
        [],
      );
  });

/** Ends {@link failRows}. */
export const mendRows = (database: Database): Promise<void> =>
  withSession(database, async ({ change }) => {
    for (const table of Object.keys(failing)) await change(`DROP TRIGGER fail_${table}`, []);
  });

const idRow = columns("effects", { id: textColumn() });
const sumRow = columns("effects", { n: integerColumn() });

/** What took effect in the database. */
export interface Effects {
  /** Reservations with a coupon, and with a refusal, 32 hexadecimal digits each in their order, as often as there are rows. */
  readonly issued: readonly string[];
  readonly refused: readonly string[];
  /** Units that were taken from all coupons. */
  readonly unitsTaken: number;
  /** Payments of the history. */
  readonly history: readonly string[];
}

/** Reads the effects. */
export const readEffects = (database: Database): Promise<Effects> =>
  withSession(database, async (session) => ({
    issued: await idsOf(session, "SELECT LOWER(HEX(reservation_id)) AS id FROM user_coupon"),
    refused: await idsOf(session, "SELECT LOWER(HEX(reservation_id)) AS id FROM refusal"),
    unitsTaken:
      (await session.select(sumRow, "SELECT CAST(SUM(stock - remaining) AS SIGNED) AS n FROM coupon", []))[0]?.n ?? 0,
    history: await idsOf(session, "SELECT LOWER(HEX(payment_id)) AS id FROM transaction_history"),
  }));

const idsOf = async ({ select }: Session, sql: string): Promise<readonly string[]> =>
  (await select(idRow, `${sql} ORDER BY id`, [])).map(({ id }) => id);
