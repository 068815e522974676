/** Who pays what in the main job: a shop, its orders, and who asks for them in which way, made from a seedless recipe. */
import { v7 } from "uuid";
import type {
  Deposit,
  OptionId,
  Order,
  OrderItem,
  OrderRegister,
  ProductOption,
} from "../../../processors/payments/payment-ports.ts";
import type { ReservationId, UserId, Won } from "../../../schemas/coupon.ts";
import type { OrderId } from "../../../schemas/payment.ts";

/** One request to pay. */
export interface Attempt {
  readonly orderId: OrderId;
  /** Whose token it is sent with. */
  readonly userId: UserId;
  readonly key: string;
}

/**
 * How orders are asked for. `twice`: with one key, at once. `twoKeys`: with two keys, at once. `poor`: the balance is a won
 * too low. `scarce`: of an option with half as many units as are wanted. `stranger`: by another user. `oneCoupon`: two orders
 * with the same coupon, at once.
 */
export type CaseKind = "plain" | "coupon" | "twice" | "twoKeys" | "poor" | "scarce" | "stranger" | "oneCoupon";

/** Requests that are sent at once. */
export interface PayCase {
  readonly kind: CaseKind;
  readonly attempts: readonly Attempt[];
}

/** What there is before anybody pays, and what is asked. */
export interface PaymentPlan {
  readonly options: readonly ProductOption[];
  readonly deposits: readonly Deposit[];
  readonly orders: readonly Order[];
  readonly cases: readonly PayCase[];
  /** One of the orders that are not asked for: for a person to try. */
  readonly leftOpen: Pick<Order, "orderId" | "userId">;
  /** Units of the scarce option. */
  readonly scarceUnits: number;
}

/** A coupon that a user has. */
export interface OwnCoupon {
  readonly userId: UserId;
  readonly reservationId: ReservationId;
}

/** How large the plan is. */
export interface PaymentPlanOptions {
  /** Begins every id that is made. */
  readonly prefix: string;
  readonly orders: number;
  /** Coupons of 10 %, to be used by their users, each once. */
  readonly coupons: readonly OwnCoupon[];
}

const optionCount = 50;
const unitPrice = 10_000 as Won;

/** Of every twenty orders, which are asked for in which way; the rest is plain, as is every coupon's that is not there. */
const kindOf = (n: number): CaseKind => {
  const at = n % 20;
  const special = ["twice", "twoKeys", "poor", "scarce", "scarce", "stranger", "oneCoupon"] as const;
  return special[at] ?? (at < 14 ? "coupon" : "plain");
};

/** Plans `orders` orders, one more for every coupon that is wanted twice, and one that stays open. */
export const planPayments = ({ prefix, orders: count, coupons }: PaymentPlanOptions): PaymentPlan => {
  const own = coupons.values();
  const deposits: Deposit[] = [];
  const orders: Order[] = [];
  const cases: PayCase[] = [];
  const scarceId = `${prefix}-scarce` as OptionId;
  let scarce = 0;
  for (let n = 0; n < count; n++) {
    const coupon = needsCoupon(kindOf(n)) ? own.next().value : undefined;
    const kind = needsCoupon(kindOf(n)) && coupon === undefined ? "plain" : kindOf(n);
    const userId = coupon?.userId ?? (`${prefix}-payer-${n}` as UserId);
    const items = kind === "scarce" ? [item(scarceId, 1)] : itemsOf(prefix, n);
    if (kind === "scarce") scarce++;
    const order = { orderId: v7() as OrderId, userId, items, coupons: coupon ? [coupon.reservationId] : [] };
    const own_ = kind === "oneCoupon" ? [order, { ...order, orderId: v7() as OrderId }] : [order];
    orders.push(...own_);
    deposits.push({ userId, amount: depositOf(kind, items) });
    cases.push({ kind, attempts: attemptsOf(kind, own_, `${prefix}-stranger-${n}` as UserId) });
  }
  const items = itemsOf(prefix, 0);
  const leftOpen = { orderId: v7() as OrderId, userId: `${prefix}-you` as UserId, items, coupons: [] };
  orders.push(leftOpen);
  deposits.push({ userId: leftOpen.userId, amount: depositOf("plain", items) });
  const scarceUnits = Math.floor(scarce / 2);
  const plenty = Array.from({ length: optionCount }, (_, at) => ({
    optionId: optionOf(prefix, at),
    stock: 10 * count,
  }));
  return {
    options: [...plenty, { optionId: scarceId, stock: scarceUnits }],
    deposits,
    orders,
    cases,
    leftOpen,
    scarceUnits,
  };
};

const needsCoupon = (kind: CaseKind): boolean => kind === "coupon" || kind === "oneCoupon";

const optionOf = (prefix: string, at: number): OptionId => `${prefix}-option-${at}` as OptionId;

const item = (optionId: OptionId, quantity: number): OrderItem => ({ optionId, quantity, unitPrice });

/** One to three lines; the first option is everybody's favourite. */
const itemsOf = (prefix: string, n: number): readonly OrderItem[] =>
  Array.from({ length: 1 + (n % 3) }, (_, line) =>
    item(optionOf(prefix, line === 0 && n % 2 === 0 ? 0 : 1 + ((n + line) % (optionCount - 1))), 1 + (n % 2)),
  );

/** Enough for two orders without a discount, or a won too little for one. */
const depositOf = (kind: CaseKind, items: readonly OrderItem[]): Won => {
  const total = items.reduce((sum, { quantity, unitPrice: price }) => sum + quantity * price, 0);
  // Whole won by construction.
  return (kind === "poor" ? total - 1 : 2 * total) as Won;
};

const attemptsOf = (kind: CaseKind, orders: readonly Order[], stranger: UserId): readonly Attempt[] => {
  const attempts = orders.map(({ orderId, userId }) => ({ orderId, userId, key: `pay-${orderId}` }));
  switch (kind) {
    case "twice":
      return [...attempts, ...attempts];
    case "twoKeys":
      return [...attempts, ...attempts.map((attempt) => ({ ...attempt, key: `${attempt.key}-again` }))];
    case "stranger":
      return attempts.map((attempt) => ({ ...attempt, userId: stranger }));
    default:
      return attempts;
  }
};

/** Opens what a plan needs. */
export const openPlan = async (
  register: OrderRegister,
  { options, deposits, orders }: Pick<PaymentPlan, "options" | "deposits" | "orders">,
): Promise<void> => {
  await register.addOptions(options);
  await register.openAccounts(deposits);
  for (let at = 0; at < orders.length; at += 2_000) await register.openOrders(orders.slice(at, at + 2_000));
};
