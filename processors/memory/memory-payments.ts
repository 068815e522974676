/** The payment tables in memory: ports that pass the same contract suites as the database's. What pays is rule-payment-book.ts. */
import type { BoundKey, UserCoupon } from "../payments/decide-payments.ts";
import { Poison } from "../../engine/errors.ts";
import type { Outbox } from "../../engine/outbox/outbox.ts";
import { outboxOnTable } from "../../engine/outbox/memory-outbox.ts";
import type { OldKeys, OptionId, Order, OrderRegister, Payment } from "../payments/payment-ports.ts";
import type { ReservationId, UserId, Won } from "../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../schemas/payment.ts";

/** Everything the payment tables hold. Change it through the ports; `now` and `coupons` are set from outside. */
export interface MemoryPayments {
  /** The database's clock, epoch ms. */
  now: number;
  readonly orders: Map<OrderId, Order & { readonly paid: boolean }>;
  /** Of each option: how many there were, and how many are left. */
  readonly stock: Map<OptionId, number>;
  readonly left: Map<OptionId, number>;
  /** Of each account: what was paid in, and what is left. */
  readonly deposits: Map<UserId, Won>;
  readonly balances: Map<UserId, Won>;
  readonly coupons: Map<ReservationId, UserCoupon>;
  readonly payments: Map<PaymentId, Payment>;
  readonly bound: Map<string, BoundKey>;
  /** By number; when it was published, or null. */
  readonly outbox: Map<
    number,
    { readonly payment: Payment; readonly traceparent: string | undefined; publishedAt: number | null }
  >;
  lastOutboxNo: number;
  led: boolean;
}

/** No orders yet; the year is 2026. */
export const memoryPayments = (): MemoryPayments => ({
  now: 1_780_000_000_000,
  orders: new Map(),
  stock: new Map(),
  left: new Map(),
  deposits: new Map(),
  balances: new Map(),
  coupons: new Map(),
  payments: new Map(),
  bound: new Map(),
  outbox: new Map(),
  lastOutboxNo: 0,
  led: false,
});

/** The payments there are of these. */
export const findPayments = (state: MemoryPayments, paymentIds: readonly PaymentId[]) => {
  const wanted = new Set(paymentIds);
  return new Map([...state.payments].filter(([paymentId]) => wanted.has(paymentId)));
};

const add = <K extends string, V>(to: Map<K, V>, rows: readonly (readonly [K, V])[]): void => {
  const taken = rows.some(([key], at) => to.has(key) || rows.findIndex(([other]) => other === key) !== at);
  if (taken) throw new Poison("TAKEN", "something of these is there already; nothing was added");
  for (const [key, value] of rows) to.set(key, value);
};

/** An {@link OrderRegister} in memory. Checks no limits. */
export const memoryOrderRegister = (state: MemoryPayments): OrderRegister => ({
  addOptions: async (options) => {
    const rows = options.map(({ optionId, stock }) => [optionId, stock] as const);
    add(state.left, rows);
    add(state.stock, rows);
  },
  openAccounts: async (deposits) => {
    const rows = deposits.map(({ userId, amount }) => [userId, amount] as const);
    add(state.balances, rows);
    add(state.deposits, rows);
  },
  openOrders: async (orders) => {
    const unknown = orders.find(({ items }) => items.some(({ optionId }) => !state.left.has(optionId)));
    if (unknown !== undefined) throw new Poison("BAD_ORDER", `${unknown.orderId}: it has an unknown option`);
    add(
      state.orders,
      orders.map((order) => [order.orderId, { ...order, paid: false }] as const),
    );
  },
});

/** The outbox of payments in memory. Does not wait for the lead. */
export const memoryOutbox = (state: MemoryPayments, orphans: ReadonlySet<number> = new Set()): Outbox<Payment> =>
  outboxOnTable({
    rows: state.outbox,
    orphans,
    read: ({ payment, traceparent }) => ({
      ...{ id: payment.paymentId, value: payment, traceparent },
      writtenAt: payment.paidAt,
    }),
    now: () => state.now,
    lock: state,
  });

/** {@link OldKeys} of payments in memory: a key is as old as what it has paid. */
export const memoryOldPaymentKeys = (state: MemoryPayments): OldKeys => ({
  prune: async (olderThanMs, maxRows) => {
    const old = [...state.bound]
      .filter(([, { payment }]) => payment.paidAt < state.now - olderThanMs)
      .sort(([, a], [, b]) => a.payment.paidAt - b.payment.paidAt)
      .slice(0, maxRows);
    for (const [name] of old) state.bound.delete(name);
    return old.length;
  },
});
