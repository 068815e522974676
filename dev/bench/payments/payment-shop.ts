/** What is paid in the benchmark: options, accounts, coupons, and orders of any kind. */
import { v7 } from "uuid";
import type { OptionId, Order } from "../../../processors/payments/payment-ports.ts";
import type { ReservationId, UserId, Won } from "../../../schemas/coupon.ts";
import type { OrderId } from "../../../schemas/payment.ts";
import { hexOf } from "../../../stores/ids.ts";
import type { Database } from "../../../stores/mysql/database.ts";
import { orderRegister } from "../../../stores/mysql/payments/order-register.ts";
import { withSession } from "../../../stores/mysql/session.ts";
import { openCoupons } from "../coupons/preload.ts";
import type { Stage } from "../stage.ts";

/** Users with an account. */
export const users = 2_000;

/** The n-th of them. */
export const userIdOf = (prefix: string, n: number): UserId => `${prefix}-user-${n}` as UserId;

/** What the orders of a load are like. */
export interface OrderKind {
  /** Options that are sold, alike; 1 to 100. */
  readonly options: number;
  /** Lines of an order, of different options where there are as many. */
  readonly lines: number;
  /** Whether each order uses a coupon of its own, which was issued to its user. */
  readonly coupon: boolean;
  /** Users that pay; 1 to {@link users}. */
  readonly payers: number;
}

/** Opens orders, ready to be paid. */
export type Shop = (count: number, kind: OrderKind) => Promise<readonly Order[]>;

/** Orders of one registering transaction. */
const chunkOrders = 2_000;

/** Opens a shop with a hundred options and an account for each user, none of which can be exhausted. */
export const openShop = async (stage: Stage, database: Database, prefix: string): Promise<Shop> => {
  const register = orderRegister(database);
  const optionId = (n: number): OptionId => `${prefix}-option-${n}` as OptionId;
  const stock = 100_000_000;
  await register.addOptions(Array.from({ length: 100 }, (_, n) => ({ optionId: optionId(n), stock })));
  const amount = 1_000_000_000_000 as Won;
  await register.openAccounts(Array.from({ length: users }, (_, n) => ({ userId: userIdOf(prefix, n), amount })));
  const giveCoupons = couponGiver(stage, database, prefix);
  return async (count, { options, lines, coupon, payers }) => {
    const coupons = coupon ? await giveCoupons(count) : [];
    const orders = Array.from({ length: count }, (_, n) => ({
      orderId: v7() as OrderId,
      userId: userIdOf(prefix, n % payers),
      items: [...new Set(Array.from({ length: lines }, (_, line) => (n * (6 * line + 1) + line) % options))].map(
        (option) => ({ optionId: optionId(option), quantity: 2, unitPrice: 1_000 as Won }),
      ),
      coupons: coupons.slice(n, n + 1),
    }));
    for (let at = 0; at < count; at += chunkOrders) await register.openOrders(orders.slice(at, at + chunkOrders));
    return orders;
  };
};

const addUserCoupons = `INSERT INTO user_coupon (reservation_id, coupon_no, user_id, snapshot_no, issued_at, expires_at)
  SELECT UNHEX(given.id), coupon.coupon_no, given.user_id, coupon.snapshot_no, ?, ?
  FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(32) CHARACTER SET ascii PATH '$[0]', user_id VARCHAR(64) PATH '$[1]')) AS given
  JOIN coupon ON coupon.coupon_id = ?`;

const takeStock = "UPDATE coupon SET remaining = remaining - ? WHERE coupon_id = ?";

/** Issues coupons in turn to all users, one of each to a user; by SQL, because how they are issued is another measurement. */
const couponGiver = (stage: Stage, database: Database, prefix: string) => {
  let opened = 0;
  return async (count: number): Promise<readonly ReservationId[]> => {
    const all: ReservationId[] = [];
    while (all.length < count) {
      const couponId = `${prefix}-coupon-${opened++}`;
      await openCoupons(stage, { coupons: [{ couponId, stock: users }] });
      const given = Array.from({ length: Math.min(users, count - all.length) }, (_, n) => ({
        id: v7() as ReservationId,
        userId: userIdOf(prefix, n),
      }));
      const rows = JSON.stringify(given.map(({ id, userId }) => [hexOf(id), userId]));
      await withSession(database, async ({ change }) => {
        await change(addUserCoupons, [Date.now(), Date.now() + 86_400_000, rows, couponId]);
        await change(takeStock, [given.length, couponId]);
      });
      all.push(...given.map(({ id }) => id));
    }
    return all;
  };
};
