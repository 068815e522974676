/** What paying comes to, worked out a second time and as plainly as can be: one ask after the other, against what is true then. */
import { keyName, type KnownPayments } from "../../../processors/payments/decide-payments.ts";
import type { Order, PaymentAnswer, PaymentAsk } from "../../../processors/payments/payment-ports.ts";

/** In a word or two: `paid 900 off 100`, `balanceTooLow`. */
export type Verdict = string;

/** The verdicts on some asks, in order. */
export const naively = (asks: readonly PaymentAsk[], known: KnownPayments): readonly Verdict[] => {
  const left = new Map(known.left);
  const balances = new Map(known.balances);
  const used = new Set([...known.coupons].filter(([, coupon]) => coupon.used).map(([id]) => id));
  const paid = new Set([...known.orders.values()].filter((order) => order.paid).map(({ orderId }) => orderId));
  const bound = new Map([...known.bound].map(([name, { payment }]) => [name, payment.orderId]));
  const tried = new Map<string, { readonly orderId: string; readonly verdict: Verdict }>();
  const pay = (order: Order): Verdict => {
    if (paid.has(order.orderId) || order.items.length === 0) return "orderNotPayable";
    if (order.items.some(({ optionId, quantity }) => (left.get(optionId) ?? 0) < quantity)) return "outOfStock";
    const total = order.items.reduce((sum, item) => sum + item.quantity * item.unitPrice, 0);
    let off = 0;
    for (const id of order.coupons) {
      const coupon = known.coupons.get(id);
      const fits = coupon?.userId === order.userId && coupon.expiresAt > known.now && coupon.minOrderAmount <= total;
      if (coupon === undefined || !fits || used.has(id)) return "couponNotUsable";
      const { discount } = coupon;
      off +=
        discount.kind === "fixed"
          ? discount.amount
          : Math.min(discount.maxAmount, Number((BigInt(total) * BigInt(discount.percent)) / 100n));
    }
    const amount = total - Math.min(off, total);
    const balance = balances.get(order.userId) ?? 0;
    if (amount > balance) return "balanceTooLow";
    for (const { optionId, quantity } of order.items) left.set(optionId, (left.get(optionId) ?? 0) - quantity);
    for (const id of order.coupons) used.add(id);
    balances.set(order.userId, (balance - amount) as never);
    paid.add(order.orderId);
    return `paid ${amount} off ${total - amount}`;
  };
  return asks.map((ask) => {
    const name = keyName(ask);
    const before = bound.get(name);
    if (before !== undefined) return before === ask.orderId ? "again" : "mismatch";
    const first = tried.get(name);
    if (first !== undefined) return first.orderId === ask.orderId ? first.verdict : "mismatch";
    const order = known.orders.get(ask.orderId);
    const verdict = order === undefined || order.userId !== ask.userId ? "orderNotFound" : pay(order);
    tried.set(name, { orderId: ask.orderId, verdict });
    if (verdict.startsWith("paid")) bound.set(name, ask.orderId);
    return verdict;
  });
};

/** Whether an answer is what the verdict says. `again` is told as paid where it is the ask's own payment, or a copy's. */
export const agrees = (answer: PaymentAnswer, verdict: Verdict): boolean => {
  if (answer.kind === "repeat") return verdict === "again";
  if (answer.kind !== "paid") return verdict === answer.kind;
  return verdict === "again" || verdict === `paid ${answer.payment.amount} off ${answer.payment.discount}`;
};
