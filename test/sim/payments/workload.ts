/** What there is to pay in a simulated world, and who tries to when: drawn from the seed, before anything happens. */
import type { UserCoupon } from "../../../processors/payments/decide-payments.ts";
import type { OptionId, Order } from "../../../processors/payments/payment-ports.ts";
import type { Discount, ReservationId, UserId, Won } from "../../../schemas/coupon.ts";
import type { OrderId } from "../../../schemas/payment.ts";
import type { Dice } from "../environment/dice.ts";
import { beginningAt } from "../environment/time.ts";
import { couponOf, orderIdOf } from "./names.ts";
import type { PaymentScenario } from "./scenario.ts";

/** Everything as it was before the first payment. */
export interface Shop {
  readonly stock: ReadonlyMap<OptionId, number>;
  readonly deposits: ReadonlyMap<UserId, Won>;
  readonly coupons: ReadonlyMap<ReservationId, UserCoupon>;
  readonly orders: ReadonlyMap<OrderId, Order>;
  /** Orders whose payments the platform will never take. */
  readonly unwanted: ReadonlySet<OrderId>;
}

/** One client's wish to pay. */
export interface Wish {
  readonly atMs: number;
  readonly orderId: OrderId;
  readonly userId: UserId;
  readonly key: string;
  /** Whether it comes back with the same key once it has been answered; and tries another key after some lost answers. */
  readonly comesBack: boolean;
  readonly isImpatient: boolean;
}

/** Draws what there is: scarce options, balances that are too low, coupons that are in the way. */
export const drawShop = (dice: Dice, scenario: PaymentScenario): Shop => {
  const users = Array.from({ length: scenario.users }, (_, n) => `u${n}` as UserId);
  const share = Math.ceil((scenario.orders * 2) / scenario.options);
  const stock = new Map(
    Array.from({ length: scenario.options }, (_, n) => [
      `option-${n}` as OptionId,
      Math.floor(share * dice.pick([0.3, 0.7, 1, 3])),
    ]),
  );
  // Some have no account, and can pay nothing but what costs nothing.
  const rich = dice.pick([10_000, 50_000, 1_000_000]);
  const deposits = new Map(
    users.flatMap((userId) => (dice.chance(0.1) ? [] : [[userId, dice.between(0, rich) as Won] as const])),
  );
  const coupons = new Map(
    Array.from({ length: scenario.orders }, (_, n) => [couponOf(n), drawCoupon(dice, owner(dice, users), scenario)]),
  );
  const orders = Array.from({ length: scenario.orders }, (_, n) =>
    drawOrder(dice, { n, userId: owner(dice, users), stock, coupons }),
  );
  return {
    ...{ stock, deposits, coupons },
    orders: new Map(orders.map((order) => [order.orderId, order])),
    unwanted: new Set(orders.flatMap(({ orderId }) => (dice.chance(scenario.refusing) ? [orderId] : []))),
  };
};

const owner = (dice: Dice, users: readonly UserId[]): UserId =>
  users[dice.between(0, users.length - 1)] ?? ("" as UserId);

const drawCoupon = (dice: Dice, userId: UserId, { stormMs }: PaymentScenario): UserCoupon => {
  const fixed: Discount = { kind: "fixed", amount: dice.pick([500, 3_000, 100_000]) as Won };
  const percent: Discount = {
    kind: "percent",
    percent: dice.between(1, 100),
    maxAmount: dice.between(1, 5_000) as Won,
  };
  const lastsMs = dice.chance(0.85) ? 1_000_000 : dice.between(-1, stormMs);
  return {
    userId,
    used: dice.chance(0.05),
    expiresAt: beginningAt + lastsMs,
    discount: dice.pick<Discount>([fixed, percent]),
    minOrderAmount: (dice.chance(0.8) ? 0 : 5_000) as Won,
  };
};

const drawOrder = (
  dice: Dice,
  {
    n,
    userId,
    stock,
    coupons,
  }: { readonly n: number; readonly userId: UserId; readonly stock: Shop["stock"]; readonly coupons: Shop["coupons"] },
): Order => {
  // Few of many, so that transactions of several orders may run side by side.
  const share = Math.min(0.6, 2 / stock.size);
  const picked = [...stock.keys()].filter(() => dice.chance(share)).slice(0, 3);
  const least = [...stock.keys()][n % stock.size];
  const wished = picked.length > 0 || least === undefined || dice.chance(0.05) ? picked : [least];
  const items = wished.map((optionId) => ({
    optionId,
    quantity: dice.between(1, 3),
    unitPrice: dice.pick([0, 990, 1_000, 3_333]) as Won,
  }));
  // Two orders may want the same coupon; now and then it is another user's, or none at all.
  const own = [...coupons].filter(([, coupon]) => coupon.userId === userId).map(([id]) => id);
  const wanted = own.filter(() => dice.chance(0.8 / own.length)).slice(0, 2);
  const stray = dice.chance(0.03) ? [couponOf(dice.between(0, coupons.size + 2))] : [];
  return { orderId: orderIdOf(n), userId, items, coupons: [...new Set([...wanted, ...stray])] };
};

/** Draws who pays when. Each order has its turn; some are tried by several clients, strangers, or keys used before. */
export const drawWishes = (dice: Dice, scenario: PaymentScenario, { orders }: Shop): readonly Wish[] => {
  const all = [...orders.values()];
  const rushMs = dice.pick([1, scenario.stormMs / 3, scenario.stormMs]);
  const made: Wish[] = [];
  const wish = (order: Order, key: string, atMs: number): void => {
    const userId = dice.chance(0.04) ? ("stranger" as UserId) : order.userId;
    const [comesBack, isImpatient] = [dice.chance(scenario.comesBack), dice.chance(0.1)];
    made.push({ atMs, orderId: order.orderId, userId, key, comesBack, isImpatient });
  };
  const some = (n: number): Order | undefined => (dice.chance(0.7) ? all[n] : all[dice.between(0, all.length - 1)]);
  for (let n = 0; n < scenario.clients; n += 1) {
    const order = some(n % all.length);
    const earlier = made[dice.between(0, Math.max(0, made.length - 1))];
    const key = earlier !== undefined && dice.chance(0.12) ? earlier.key : `k${n}`;
    if (order !== undefined) wish(order, key, Math.floor(dice.next() * rushMs));
  }
  for (let burst = 0; burst < scenario.bursts; burst += 1) {
    const order = some(dice.between(0, all.length - 1));
    const [atMs, oneKey] = [Math.floor(dice.next() * rushMs), dice.chance(0.4)];
    for (let n = 0; n < 32; n += 1) if (order !== undefined) wish(order, `b${burst}-${oneKey ? 0 : n}`, atMs);
  }
  return made.toSorted((a, b) => a.atMs - b.atMs);
};
