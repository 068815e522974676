/** The stories of a coupon and of a user: what they have now, with the ids of the stories that are about one request. */
import { count } from "../../engine/app/cli.ts";
import type { CouponId, UserId } from "../../schemas/coupon.ts";
import type { PaymentCompleted } from "../../schemas/payment.ts";
import { type CouponRow, couponRows, type IssuedRow } from "../../stores/mysql/story/coupon-rows.ts";
import { type BalanceRow, paymentRows } from "../../stores/mysql/story/payment-rows.ts";
import { readUnit, type Unit } from "../../stores/redis/read-unit.ts";
import type { StoryPorts } from "./ports.ts";
import { inOrder, type Moment, type Story } from "./story.ts";

/** Facts about a coupon. */
export interface CouponState {
  readonly coupon: CouponRow;
  readonly issuedRows: number;
  /** Absent where Redis is away. */
  readonly unit: Unit | undefined;
}

/** Reads a coupon; undefined where there is none. @throws Unavailable */
export const readCoupon = async (ports: StoryPorts, id: CouponId): Promise<CouponState | undefined> => {
  const rows = couponRows(ports.database);
  const coupon = await rows.coupon(id);
  if (coupon === undefined) return undefined;
  const [issuedRows, unit] = await Promise.all([
    rows.countIssued(id),
    ports.away.orElse(undefined, () => readUnit(ports.redis, id)),
  ]);
  return { coupon, issuedRows, unit };
};

/** Tells a coupon. */
export const tellCoupon = ({ coupon, issuedRows, unit }: CouponState): Story => {
  const { couponId, stock, remaining, opensAt, closesAt, validForDays, name, policyId } = coupon;
  const taken = stock - remaining;
  return {
    subject: { kind: "coupon", id: couponId },
    moments: inOrder([
      { what: "terms", text: `${name} (${policyId}), valid for ${validForDays} days`, from: "table policy_snapshot" },
      ...momentAt(opensAt, "opens"),
      ...momentAt(closesAt, "closes"),
      {
        what: "stock",
        text: `${count(taken)} of ${count(stock)} taken, ${count(remaining)} left`,
        from: "table coupon",
      },
      { what: "issued", text: `${count(issuedRows)} user coupons`, from: "table user_coupon" },
      ...(unit === undefined ? [] : [gateMoment(unit)]),
    ]),
    contradictions: [
      ...(Number.isNaN(unit?.left ?? 0) ? ["its key in Redis holds no counter: sluice reconcile --dry-run"] : []),
      // Both change in one transaction, and were read in two statements: who is issued meanwhile is no contradiction.
      ...(issuedRows < taken
        ? [`${count(taken)} units are taken, and ${count(issuedRows)} user coupons are there`]
        : []),
      ...(unit?.marks === 0 && unit.left !== null && unit.left < remaining
        ? [`Redis has ${unit.left} left and none in flight, the database ${remaining}: sluice reconcile --dry-run`]
        : []),
    ],
    pending: unit !== undefined && unit.marks > 0 ? [`${count(unit.marks)} request(s) are in flight`] : [],
    unknown: [],
  };
};

const gateMoment = ({ left, marks }: Unit): Moment => {
  const counter = left === null ? "no counter: the next request starts it" : `${left} left`;
  return { what: "gate", text: `${counter}, ${count(marks)} in flight`, from: "Redis" };
};

const momentAt = (at: number | null, what: string): readonly Moment[] =>
  at === null ? [] : [{ at, what, text: "by its terms", from: "table coupon" }];

/** Facts about a user. */
export interface UserState {
  readonly userId: UserId;
  readonly coupons: readonly IssuedRow[];
  readonly payments: readonly PaymentCompleted[];
  readonly balance: BalanceRow | undefined;
}

/** So many coupons and payments of a user are told at most. */
const shown = 100;

/** Reads a user; undefined where nothing is known. @throws Unavailable */
export const readUser = async (ports: StoryPorts, userId: UserId): Promise<UserState | undefined> => {
  const [coupons, payments, balance] = await Promise.all([
    couponRows(ports.database).ofUser(userId, shown),
    paymentRows(ports.database).ofUser(userId, shown),
    paymentRows(ports.database).balance(userId),
  ]);
  const isKnown = coupons.length > 0 || payments.length > 0 || balance !== undefined;
  return isKnown ? { userId, coupons, payments, balance } : undefined;
};

/** Tells a user. */
export const tellUser = ({ userId, coupons, payments, balance }: UserState): Story => ({
  subject: { kind: "user", id: userId },
  moments: inOrder([
    ...(balance === undefined
      ? []
      : [
          {
            what: "balance",
            text: `${count(balance.balance)} of ${count(balance.deposited)} won are left`,
            from: "table user_balance",
          },
        ]),
    ...coupons.map(({ couponId, reservationId, issuedAt, isUsed }) => ({
      at: issuedAt,
      what: "coupon",
      text: `${couponId} by ${reservationId}${isUsed ? ", used by an order" : ""}`,
      from: "table user_coupon",
    })),
    ...payments.map(({ paymentId, orderId, amount, paidAt }) => ({
      at: paidAt,
      what: "paid",
      text: `${count(amount)} won by ${paymentId} for order ${orderId}`,
      from: "tables payment_key, payment",
    })),
  ]),
  contradictions:
    balance !== undefined && balance.balance > balance.deposited ? ["more is left than was deposited"] : [],
  pending: [],
  unknown: [
    "refusals, and payments whose idempotency key is forgotten: no index has them by user",
    ...(coupons.length === shown || payments.length === shown ? [`more than the newest ${shown} of each`] : []),
  ],
});
