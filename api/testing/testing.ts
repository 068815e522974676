/** Fakes for the API's tests: a clock and a producer that do nothing by themselves, stores in memory. */
import type { KeyAnswer, KeyClaim, OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import type { PaymentAsk } from "../../processors/payments/payment-ports.ts";
import type { Coupon, CouponId, PolicyId, ReservationId, UserId, Won } from "../../schemas/coupon.ts";
import type { PaymentId } from "../../schemas/payment.ts";
import { memoryPayments } from "../../processors/memory/memory-payments.ts";
import { oneByOnePaymentBook } from "../../processors/testing/pay-one-by-one.ts";
import { userIdFrom } from "../http/request/ids.ts";
import type { ApiClock } from "../http/clock.ts";

/** A user id from text that is known to be one. @throws TypeError where it is not. */
export const userNamed = (text: string): UserId => {
  const userId = userIdFrom(text);
  if (userId === undefined) throw new TypeError(`${text} is no user id`);
  return userId;
};

/** A clock that a test moves. */
export interface FakeClock extends ApiClock {
  /** Moves on, running what falls due, in order, each at its own moment. */
  readonly advance: (byMs: number) => void;
  /** Sets the time of day forward, as an operator may: timers take no notice. */
  readonly set: (byMs: number) => void;
  /** What is still to run. */
  readonly timers: () => number;
}

/** Starts at 2027-01-15T08:00:00Z. */
export const fakeClock = (): FakeClock => {
  let now = 1_800_000_000_000;
  let setByMs = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => now + setByMs,
    after: (delayMs, run) => {
      const timer = { at: now + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: (byMs) => {
      const end = now + byMs;
      for (;;) {
        let first: { readonly at: number; readonly run: () => void } | undefined;
        for (const timer of timers) if (timer.at <= end && (first === undefined || timer.at < first.at)) first = timer;
        if (first === undefined) break;
        timers.delete(first);
        now = first.at;
        first.run();
      }
      now = end;
    },
    set: (byMs) => {
      setByMs += byMs;
    },
    timers: () => timers.size,
  };
};

/** Something a fake answers with, once it is not undefined: an error to throw, or a promise to wait for first. */
export interface Trouble {
  error?: Error | undefined;
  until?: Promise<void> | undefined;
}

const meet = async ({ error, until }: Trouble): Promise<void> => {
  await until;
  if (error !== undefined) throw error;
};

const couponNamed = (couponId: CouponId): Coupon => ({
  couponId,
  // Test values of the right alphabet and range.
  policyId: "p" as PolicyId,
  stock: 1,
  opensAt: null,
  closesAt: null,
  validForDays: 1,
  policy: { name: "P", discount: { kind: "fixed", amount: 1 as Won }, minOrderAmount: 0 as Won },
});

/** Stores in memory, with the calls they got and the trouble they make. */
export const fakeStores = () => {
  const bound = new Map<string, KeyClaim>();
  const verdicts = new Map<ReservationId, OwnedVerdict>();
  const coupons = new Map<CouponId, Coupon>();
  /** Coupons that the catalogue does not know; it knows every other. */
  const unknownCoupons = new Set<CouponId>();
  const catalogTrouble: Trouble = {};
  const catalogCalls: (readonly CouponId[])[] = [];
  const trouble: Trouble = {};
  const claimCalls: (readonly KeyClaim[])[] = [];
  const findCalls: (readonly ReservationId[])[] = [];
  const shop = memoryPayments();
  const payments = oneByOnePaymentBook(shop);
  const payCalls: (readonly PaymentAsk[])[] = [];
  const claim = (wanted: KeyClaim): KeyAnswer => {
    const name = JSON.stringify([wanted.userId, wanted.key]);
    const known = bound.get(name) ?? wanted;
    bound.set(name, known);
    return known.fingerprint.equals(wanted.fingerprint)
      ? { kind: "bound", reservationId: known.reservationId }
      : { kind: "mismatch" };
  };
  return {
    verdicts,
    coupons,
    unknownCoupons,
    catalogTrouble,
    catalogCalls,
    trouble,
    claimCalls,
    findCalls,
    shop,
    payCalls,
    ports: {
      idempotencyKeys: {
        claim: async (claims: readonly KeyClaim[]) => {
          claimCalls.push(claims);
          await meet(trouble);
          return claims.map(claim);
        },
      },
      verdicts: {
        find: async (ids: readonly ReservationId[]) => {
          findCalls.push(ids);
          await meet(trouble);
          return new Map([...verdicts].filter(([id]) => ids.includes(id)));
        },
      },
      catalog: {
        find: async (ids: readonly CouponId[]) => {
          catalogCalls.push(ids);
          await meet(catalogTrouble);
          return new Map(ids.filter((id) => !unknownCoupons.has(id)).map((id) => [id, couponNamed(id)]));
        },
      },
      coupons: {
        open: async (coupon: Coupon) => {
          await meet(trouble);
          const known = coupons.get(coupon.couponId);
          if (known === undefined) coupons.set(coupon.couponId, coupon);
          if (known === undefined) return "opened" as const;
          return JSON.stringify(known) === JSON.stringify(coupon) ? ("same" as const) : ("differs" as const);
        },
      },
      payments: {
        pay: async (asks: readonly PaymentAsk[]) => {
          payCalls.push(asks);
          await meet(trouble);
          return payments.pay(asks);
        },
        find: async (ids: readonly PaymentId[]) => {
          await meet(trouble);
          return payments.find(ids);
        },
      },
    },
  };
};
