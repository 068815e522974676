/**
 * Decides which requests to pay are paid, in order. Pure: an adapter reads what it needs and writes what it answers. Stock is
 * checked before coupons and coupons before the balance, because the balance pays what the coupons leave.
 */
import type { Discount, ReservationId, UserId, Won } from "../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../schemas/payment.ts";
import type {
  CouponProblem,
  OptionId,
  Order,
  OrderItem,
  Payment,
  PaymentAnswer,
  PaymentAsk,
  PaymentRefusal,
  UnusableCoupon,
} from "./payment-ports.ts";

/** A user's coupon with the terms it was issued under. */
export interface UserCoupon {
  readonly userId: UserId;
  readonly used: boolean;
  /** Epoch ms; from then on it cannot be used. */
  readonly expiresAt: number;
  readonly discount: Discount;
  readonly minOrderAmount: Won;
}

/** What an idempotency key has paid. */
export interface BoundKey {
  readonly fingerprint: Buffer;
  readonly payment: Payment;
}

/** What the database knows about some asks. */
export interface KnownPayments {
  /** The database's clock, epoch ms: when these payments are made. */
  readonly now: number;
  /** The keys that have paid something, by {@link keyName}. */
  readonly bound: ReadonlyMap<string, BoundKey>;
  readonly orders: ReadonlyMap<OrderId, Order & { readonly paid: boolean }>;
  /** Units left of each option of those orders. */
  readonly left: ReadonlyMap<OptionId, number>;
  /** Balances of the users of those orders; a user without an account is absent. */
  readonly balances: ReadonlyMap<UserId, Won>;
  /** Those coupons of those orders that exist. */
  readonly coupons: ReadonlyMap<ReservationId, UserCoupon>;
}

/** A payment to write, and the order it pays. */
export interface PaidOrder {
  readonly payment: Payment;
  readonly order: Order;
  /** Of the ask that pays it. */
  readonly traceparent: string | undefined;
}

/** What to answer and what to write. */
export interface PaymentDecision {
  /** One for each ask, in order. */
  readonly answers: readonly PaymentAnswer[];
  /** No two are of one order. */
  readonly paid: readonly PaidOrder[];
}

/** One text for a user and a key, different for every pair. */
export const keyName = ({ userId, key }: { readonly userId: UserId; readonly key: string }): string =>
  `${userId.length} ${userId} ${key}`;

/** Units of each option in these items. */
export const unitsOf = (items: readonly OrderItem[]): ReadonlyMap<OptionId, number> => {
  const units = new Map<OptionId, number>();
  for (const { optionId, quantity } of items) units.set(optionId, (units.get(optionId) ?? 0) + quantity);
  return units;
};

/**
 * What coupons take off a total, at most the total itself. Each discount is computed from the full total, not from what the
 * others leave, so their order makes no difference. A percentage is rounded down to the won.
 */
export const discountOf = (total: Won, discounts: readonly Discount[]): Won => {
  let sum = 0;
  for (const discount of discounts) sum += amountOff(total, discount);
  return Math.min(sum, total) as Won; // A sum of safe integers, bounded by one.
};

const amountOff = (total: Won, discount: Discount): number => {
  switch (discount.kind) {
    case "fixed":
      return Math.min(discount.amount, total);
    case "percent": {
      // In two steps, because a large total times a percentage is beyond the safe integers.
      const hundreds = Math.floor(total / 100) * discount.percent;
      const rest = Math.floor(((total % 100) * discount.percent) / 100);
      return Math.min(hundreds + rest, discount.maxAmount);
    }
  }
};

/** What is left after the payments decided so far. */
interface Remaining {
  readonly known: KnownPayments;
  readonly left: Map<OptionId, number>;
  readonly balances: Map<UserId, Won>;
  readonly usedCoupons: Set<ReservationId>;
  readonly paidOrders: Set<OrderId>;
}

/**
 * Pays asks in order, each that can be paid. An ask whose key has paid the same before is answered with that payment; of
 * asks that share a key the later ones are answered as the first.
 */
export const decidePayments = (asks: readonly PaymentAsk[], known: KnownPayments): PaymentDecision => {
  const remaining: Remaining = {
    known,
    left: new Map(known.left),
    balances: new Map(known.balances),
    usedCoupons: new Set(),
    paidOrders: new Set(),
  };
  const bound = new Map(known.bound);
  const firsts = new Map<string, { readonly ask: PaymentAsk; readonly answer: PaymentAnswer }>();
  const paid: PaidOrder[] = [];
  const decideNew = (ask: PaymentAsk): PaymentAnswer => {
    const decided = payOne(remaining, ask);
    if (!("order" in decided)) return decided;
    paid.push(decided);
    bound.set(keyName(ask), { fingerprint: ask.fingerprint, payment: decided.payment });
    return { kind: "paid", payment: decided.payment };
  };
  const decide = (ask: PaymentAsk): PaymentAnswer => {
    const name = keyName(ask);
    const before = bound.get(name);
    if (before !== undefined) return replay(ask, before);
    const first = firsts.get(name);
    if (first !== undefined) return first.ask.fingerprint.equals(ask.fingerprint) ? first.answer : { kind: "mismatch" };
    const answer = decideNew(ask);
    firsts.set(name, { ask, answer });
    return answer;
  };
  return { answers: asks.map(decide), paid };
};

/** The answer to an ask whose key has paid something. */
const replay = (ask: PaymentAsk, { fingerprint, payment }: BoundKey): PaymentAnswer => {
  if (!fingerprint.equals(ask.fingerprint)) return { kind: "mismatch" };
  // Its own payment: an earlier attempt took effect and its answer was lost.
  return { kind: payment.paymentId === ask.paymentId ? "paid" : "repeat", payment };
};

const payOne = (remaining: Remaining, ask: PaymentAsk): PaidOrder | PaymentRefusal => {
  const { known, left, balances, usedCoupons, paidOrders } = remaining;
  const order = known.orders.get(ask.orderId);
  if (order === undefined || order.userId !== ask.userId) return { kind: "orderNotFound" };
  if (order.paid || paidOrders.has(order.orderId)) return { kind: "orderNotPayable", why: "paid" };
  if (order.items.length === 0) return { kind: "orderNotPayable", why: "empty" };
  const units = unitsOf(order.items);
  const shortages = [...units].flatMap(([optionId, wanted]) => {
    const available = left.get(optionId) ?? 0;
    return available < wanted ? [{ optionId, wanted, left: available }] : [];
  });
  if (shortages.length > 0) return { kind: "outOfStock", options: shortages };
  const total = order.items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0) as Won; // Bounded by the order's limits.
  const unusable = unusableCoupons(remaining, order, total);
  if (unusable.length > 0) return { kind: "couponNotUsable", coupons: unusable };
  const discount = discountOf(total, discountsOf(known, order));
  const amount = (total - discount) as Won; // Not below 0, because the discount is not above the total.
  const balance = balances.get(order.userId) ?? (0 as Won);
  if (balance < amount) return { kind: "balanceTooLow", amount, balance };
  for (const [optionId, wanted] of units) left.set(optionId, (left.get(optionId) ?? 0) - wanted);
  for (const coupon of order.coupons) usedCoupons.add(coupon);
  balances.set(order.userId, (balance - amount) as Won); // Not below 0: checked above.
  paidOrders.add(order.orderId);
  const payment = paymentOf(ask, { amount, discount, paidAt: known.now });
  return { order, payment, traceparent: ask.traceparent };
};

const paymentOf = (
  { paymentId, orderId, userId }: { readonly paymentId: PaymentId; readonly orderId: OrderId; readonly userId: UserId },
  sums: Pick<Payment, "amount" | "discount" | "paidAt">,
): Payment => ({ paymentId, orderId, userId, ...sums });

const discountsOf = ({ coupons }: KnownPayments, order: Order): readonly Discount[] =>
  order.coupons.flatMap((reservationId) => {
    const coupon = coupons.get(reservationId);
    return coupon === undefined ? [] : [coupon.discount];
  });

const unusableCoupons = (remaining: Remaining, order: Order, total: Won): readonly UnusableCoupon[] =>
  order.coupons.flatMap((reservationId) => {
    const why = problemOf(remaining, reservationId, { userId: order.userId, total });
    return why === undefined ? [] : [{ reservationId, why }];
  });

const problemOf = (
  { known, usedCoupons }: Remaining,
  reservationId: ReservationId,
  use: { readonly userId: UserId; readonly total: Won },
): CouponProblem | undefined => {
  const coupon = known.coupons.get(reservationId);
  if (coupon === undefined || coupon.userId !== use.userId) return "unknown";
  if (coupon.used || usedCoupons.has(reservationId)) return "used";
  if (coupon.expiresAt <= known.now) return "expired";
  return use.total < coupon.minOrderAmount ? "belowMinimum" : undefined;
};
