/**
 * Whether payments in memory are in balance: what stores/mysql/payments/payment-audit.ts asks a database, asked of maps. Pure. It
 * shares no code with the rule that paid.
 */
import type { MemoryPayments } from "../../processors/memory/memory-payments.ts";
import type { Order, Payment } from "../../processors/payments/payment-ports.ts";
import type { Discount } from "../../schemas/coupon.ts";
import type { PaymentBooks } from "../../stores/mysql/payments/payment-audit.ts";

/** The tables that are compared. */
export type PaymentTables = Pick<
  MemoryPayments,
  "orders" | "payments" | "coupons" | "stock" | "left" | "deposits" | "balances"
>;

/** A payment with the order it paid. */
interface Paid {
  readonly payment: Payment;
  readonly order: Order | undefined;
}

/** Ids of what disagrees; none where all agrees. */
export const booksOf = (tables: PaymentTables): PaymentBooks => {
  const paid = [...tables.payments.values()].map((payment) => ({ payment, order: tables.orders.get(payment.orderId) }));
  return {
    ordersOff: ordersOff(tables, paid),
    optionsOff: optionsOff(tables, paid),
    balancesOff: balancesOff(tables, paid),
    couponsOff: couponsOff(tables, paid),
    amountsOff: paid.filter((one) => !isPriced(tables, one)).map(({ payment }) => payment.paymentId),
  };
};

const ordersOff = ({ orders }: PaymentTables, paid: readonly Paid[]): readonly string[] => {
  const withPayment = new Set(paid.map(({ payment }) => payment.orderId));
  const unlike = [...orders.values()].filter((order) => order.paid !== withPayment.has(order.orderId));
  const strangers = paid.filter(({ payment, order }) => order?.userId !== payment.userId);
  return [...unlike.map(({ orderId }) => orderId), ...strangers.map(({ payment }) => payment.orderId)];
};

const optionsOff = ({ stock, left }: PaymentTables, paid: readonly Paid[]): readonly string[] => {
  const sold = sumsOf(paid.flatMap(({ order }) => (order?.items ?? []).map((item) => [item.optionId, item.quantity])));
  return [...stock].flatMap(([id, units]) => (units === (left.get(id) ?? 0) + (sold.get(id) ?? 0) ? [] : [id]));
};

const balancesOff = ({ deposits, balances }: PaymentTables, paid: readonly Paid[]): readonly string[] => {
  const spent = sumsOf(paid.map(({ payment }) => [payment.userId, payment.amount]));
  const off = [...deposits].flatMap(([id, won]) =>
    won === (balances.get(id) ?? 0) + (spent.get(id) ?? 0) ? [] : [id],
  );
  const without = paid.filter(({ payment }) => payment.amount > 0 && !deposits.has(payment.userId));
  return [...off, ...without.map(({ payment }) => payment.userId)];
};

const couponsOff = ({ coupons }: PaymentTables, paid: readonly Paid[]): readonly string[] => {
  const spent = sumsOf(paid.flatMap(({ order }) => (order?.coupons ?? []).map((id) => [id, 1])));
  const wrong = paid.flatMap(({ payment, order }) =>
    (order?.coupons ?? []).filter((id) => {
      const coupon = coupons.get(id);
      return coupon?.used !== true || coupon.userId !== payment.userId;
    }),
  );
  const unlike = [...coupons].flatMap(([id, { used }]) => {
    const orders = spent.get(id) ?? 0;
    return orders > 1 || (used && orders === 0) ? [id] : [];
  });
  return [...wrong, ...unlike];
};

const isPriced = ({ coupons }: PaymentTables, { payment, order }: Paid): boolean => {
  if (order === undefined) return false;
  const total = order.items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);
  const off = order.coupons.reduce((sum, id) => sum + takenOff(total, coupons.get(id)?.discount), 0);
  return payment.amount + payment.discount === total && payment.discount === Math.min(total, off);
};

const takenOff = (total: number, discount: Discount | undefined): number => {
  switch (discount?.kind) {
    case undefined:
      return 0;
    case "fixed":
      return discount.amount;
    case "percent":
      return Math.min(discount.maxAmount, Math.floor((total * discount.percent) / 100));
  }
};

const sumsOf = (parts: readonly (readonly [string, number])[]): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>();
  for (const [id, amount] of parts) sums.set(id, (sums.get(id) ?? 0) + amount);
  return sums;
};
