/** The ports of payment: orders to pay, and what paying one came to. Adapters live in stores/. */
import type { Brand } from "../../engine/avro/avro.ts";
import type { ReservationId, UserId, Won } from "../../schemas/coupon.ts";
import type { OrderId, PaymentCompleted, PaymentId } from "../../schemas/payment.ts";
import { Unavailable } from "../../engine/errors.ts";

/** Names a product option: what has stock. 1 to 64 characters. */
export type OptionId = Brand<string, "OptionId">;

/** Something that is sold, and how many of it there were. */
export interface ProductOption {
  readonly optionId: OptionId;
  /** 0 to 100,000,000. */
  readonly stock: number;
}

/** A user's account. */
export interface Deposit {
  readonly userId: UserId;
  /** 0 to 9,007,199,254,740,991. */
  readonly amount: Won;
}

/** One line of an order. */
export interface OrderItem {
  readonly optionId: OptionId;
  /** 1 to 10,000. */
  readonly quantity: number;
  /** 0 to 1,000,000,000; as it was when the order was made. */
  readonly unitPrice: Won;
}

/** An order as it was opened. Never changed afterwards: only its status moves, once, from before to after payment. */
export interface Order {
  readonly orderId: OrderId;
  readonly userId: UserId;
  /** At most 100, no option twice; so that a total is a safe integer. */
  readonly items: readonly OrderItem[];
  /** The user's coupons to be used, by the reservations they were issued for. At most 10, none twice. */
  readonly coupons: readonly ReservationId[];
}

/** Where shops put what is to be paid: for demonstrations, benchmarks and tests, as there is no shop here. */
export interface OrderRegister {
  /** Adds options with their stock. @throws Poison where one is malformed or there already, and adds none. @throws Unavailable */
  readonly addOptions: (options: readonly ProductOption[]) => Promise<void>;
  /** Opens accounts. @throws Poison where one is malformed or there already, and opens none. @throws Unavailable */
  readonly openAccounts: (deposits: readonly Deposit[]) => Promise<void>;
  /** Opens orders. @throws Poison where one is malformed, there already or has an unknown option, and opens none. @throws Unavailable */
  readonly openOrders: (orders: readonly Order[]) => Promise<void>;
}

/** A payment that was made; also what its record says. */
export type Payment = PaymentCompleted;

/** A user's wish to pay an order, as a client may send it any number of times. */
export interface PaymentAsk {
  readonly orderId: OrderId;
  readonly userId: UserId;
  /** The client's `Idempotency-Key`, 1 to 255 visible ASCII characters. */
  readonly key: string;
  /** SHA-256 of what was asked, 32 bytes: the same key with another fingerprint is a mistake. */
  readonly fingerprint: Buffer;
  /** What the payment will be called, if this ask makes one. */
  readonly paymentId: PaymentId;
  /** The `traceparent` that the payment's record carries, if this ask makes one; undefined where nobody records its trace. */
  readonly traceparent?: string | undefined;
}

/** An option that an order wants more of than there is. */
export interface ShortOption {
  readonly optionId: OptionId;
  readonly wanted: number;
  readonly left: number;
}

/**
 * Why a coupon can't be used. `unknown`: there is none, or it is another user's. `belowMinimum`: the order's total is
 * under the least its policy asks for.
 */
export type CouponProblem = "unknown" | "used" | "expired" | "belowMinimum";

/** A coupon that can't be used. */
export interface UnusableCoupon {
  readonly reservationId: ReservationId;
  readonly why: CouponProblem;
}

/** Why an order was not paid. Nothing was changed, and the idempotency key is free. */
export type PaymentRefusal =
  /** There is none, or it is another user's. */
  | { readonly kind: "orderNotFound" }
  /** `paid`: by another key. `empty`: it has no items. */
  | { readonly kind: "orderNotPayable"; readonly why: "paid" | "empty" }
  | { readonly kind: "outOfStock"; readonly options: readonly ShortOption[] }
  | { readonly kind: "couponNotUsable"; readonly coupons: readonly UnusableCoupon[] }
  | { readonly kind: "balanceTooLow"; readonly amount: Won; readonly balance: Won };

/**
 * What paying came to. `paid`: by this very ask, now or by an earlier attempt whose answer was lost. `repeat`: this key
 * had paid this before; the payment is that one. `mismatch`: this key was used,
 * or is being used, for something else.
 */
export type PaymentAnswer =
  | { readonly kind: "paid"; readonly payment: Payment }
  | { readonly kind: "repeat"; readonly payment: Payment }
  | { readonly kind: "mismatch" }
  | PaymentRefusal;

/** The truth about payments. */
export interface PaymentBook {
  /**
   * One transaction: each order that can be paid becomes paid, in the order of the asks, with its stock, its balance,
   * its coupons, its payment and its outbox row. Answers in order. Idempotent per user and key; at most 1,000 asks.
   * @throws PaymentInDoubt where it is not known whether the transaction took effect: the same asks again find out.
   * @throws Unavailable where the database is away, nothing written.
   * @throws Retriable after a deadlock or a lock timeout, nothing written.
   * @throws Poison where an ask is malformed, nothing written.
   */
  readonly pay: (asks: readonly PaymentAsk[]) => Promise<readonly PaymentAnswer[]>;
  /** The payments there are of these, by id. @throws Unavailable */
  readonly find: (paymentIds: readonly PaymentId[]) => Promise<ReadonlyMap<PaymentId, Payment>>;
}

/** The connection was lost when the transaction was being committed: it is not known yet whether it took effect. */
export class PaymentInDoubt extends Unavailable {
  constructor(options: ErrorOptions) {
    super("database", "it was lost during a commit, which may have taken effect", options);
  }
}

/** Idempotency keys, to be forgotten. */
export interface OldKeys {
  /**
   * Forgets keys older than this, at most `maxRows`, the oldest first; answers how many. Does not wait: a key that is
   * in use at this moment is left for the next time. Any number may run it at once. Clients are promised 24 hours.
   * @throws Unavailable @throws Retriable
   */
  readonly prune: (olderThanMs: number, maxRows: number) => Promise<number>;
}
