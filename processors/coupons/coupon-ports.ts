/** The ports of coupon issuing: what its steps need from the world. Adapters live in stores/, fakes beside the topology. */
import type { Coupon, CouponId, PolicyId, RefusalReason, ReservationId, UserId } from "../../schemas/coupon.ts";

/** One unit asked of the gate. */
export interface Take {
  readonly couponId: CouponId;
  readonly userId: UserId;
  readonly reservationId: ReservationId;
}

/**
 * What the gate says to one take.
 * - `taken`: one unit is held for this reservation, now or by an earlier attempt of the same one.
 * - `none`: no unit is left, and none is in flight (-1): it is sold out. Nothing is held.
 * - `unsure`: the database is to say. No unit is left, but some are in flight, and one of them may be of what was decided
 *   before; or the gate holds something else in the coupon's place. Nothing is held.
 * - `uninitialised`: there is no counter (-2). Nothing is held.
 */
export type TakeAnswer = "taken" | "none" | "unsure" | "uninitialised";

/**
 * The fast gate in front of the database: a counter a coupon, and a mark for each unit in flight, which is one that was taken
 * and neither settled nor given back. It knows nothing of units that are issued: the database does.
 */
export interface CouponStock {
  /** Takes a unit for each, in order, atomically; answers in order. Idempotent per reservation. @throws Unavailable */
  readonly reserve: (takes: readonly Take[]) => Promise<readonly TakeAnswer[]>;
  /** Gives back the unit of each that is held for that very reservation; does nothing for the others. @throws Unavailable */
  readonly release: (takes: readonly Take[]) => Promise<void>;
  /** Sets the counters that do not exist; leaves those that do. @throws Unavailable */
  readonly initialise: (counters: ReadonlyMap<CouponId, number>) => Promise<void>;
  /**
   * Sets the counters that exist to what the database has left of these coupons, and drops all their marks. Right while no
   * request of them is undecided; a mark that is dropped too early costs nothing but that its unit is taken twice for a moment,
   * and a counter that is too high is corrected by the database. @throws Unavailable
   */
  readonly settle: (remaining: ReadonlyMap<CouponId, number>) => Promise<void>;
}

/** The coupons there are. Their terms never change, so an adapter may keep what it has read. */
export interface CouponCatalog {
  /** The terms of those that exist. @throws Unavailable */
  readonly find: (couponIds: readonly CouponId[]) => Promise<ReadonlyMap<CouponId, Coupon>>;
  /** What the database says is left of each that exists; never kept. @throws Unavailable */
  readonly remaining: (couponIds: readonly CouponId[]) => Promise<ReadonlyMap<CouponId, number>>;
}

/** One coupon to issue, with everything its row says. */
export interface Issue extends Take {
  readonly policyId: PolicyId;
  /** The broker's timestamp of the request, epoch ms: the same at every attempt. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** One refusal to make durable. */
export interface Refusal extends Take {
  readonly reason: RefusalReason;
  /** The broker's timestamp of the request, epoch ms. */
  readonly refusedAt: number;
}

/**
 * The final answer for one reservation, for ever. Times are those of the attempt that decided it, epoch ms.
 */
export type Verdict =
  | { readonly kind: "issued"; readonly policyId: PolicyId; readonly issuedAt: number; readonly expiresAt: number }
  | { readonly kind: "refused"; readonly reason: RefusalReason; readonly refusedAt: number };

/** What writing one issue through came to. `decided`: an earlier attempt had refused it, and that remains. */
export type IssueAnswer =
  | { readonly kind: "issued"; readonly issuedAt: number; readonly expiresAt: number }
  | { readonly kind: "exhausted" }
  | { readonly kind: "duplicate" }
  | { readonly kind: "decided"; readonly reason: RefusalReason };

/** What issuing a round came to. */
export interface IssuedRound {
  /** One for each issue, in order. */
  readonly answers: readonly IssueAnswer[];
  /** What the transaction left of each coupon of the round. */
  readonly remaining: ReadonlyMap<CouponId, number>;
}

/** The truth: user coupons, what remains of each coupon, and refusals. */
export interface CouponBook {
  /**
   * One transaction: takes a unit of `remaining` and writes a user coupon for each, in order; writes a refusal for
   * each that is `exhausted` (SOLD_OUT) or `duplicate` (DUPLICATE). Idempotent per reservation.
   * @throws Unavailable where the database is away, or it is unknown whether the transaction took effect.
   * @throws Retriable after a deadlock or a lock timeout, nothing written.
   */
  readonly issue: (issues: readonly Issue[]) => Promise<IssuedRound>;
  /**
   * Makes refusals durable; answers the verdict of each, in order. One as SOLD_OUT of a user who has the coupon by another
   * reservation becomes one as DUPLICATE: the gate does not know who has a coupon. @throws Unavailable @throws Retriable
   */
  readonly refuse: (refusals: readonly Refusal[]) => Promise<readonly Verdict[]>;
}

/** A verdict with whose it is. */
export type OwnedVerdict = Verdict & { readonly couponId: CouponId; readonly userId: UserId };

/** Looks verdicts up, for those who ask how a reservation ended. */
export interface VerdictLookup {
  /** The verdicts there are, by reservation; those still pending, or never made, are absent. @throws Unavailable */
  readonly find: (reservationIds: readonly ReservationId[]) => Promise<ReadonlyMap<ReservationId, OwnedVerdict>>;
}

/** Where coupons are opened. */
export interface CouponRegister {
  /**
   * Opens a coupon, once: `opened`, or `same` where it is open with these very terms, or `differs` where the id is
   * taken by other terms, and nothing is changed. @throws Unavailable
   */
  readonly open: (coupon: Coupon) => Promise<"opened" | "same" | "differs">;
}

/** A client's wish to have one answer for all requests with one key. */
export interface KeyClaim {
  readonly userId: UserId;
  /** The client's `Idempotency-Key`, 1 to 255 visible ASCII characters. */
  readonly key: string;
  /** SHA-256 of what was asked (coupon and body), 32 bytes: the same key with another fingerprint is a mistake. */
  readonly fingerprint: Buffer;
  /** The reservation to bind to the key if the key is new. */
  readonly reservationId: ReservationId;
}

/** `bound`: the reservation the key identifies, the claimed one or an earlier one. `mismatch`: the key was used for something else. */
export type KeyAnswer =
  | { readonly kind: "bound"; readonly reservationId: ReservationId }
  | { readonly kind: "mismatch" };

/** Remembers which reservation an idempotency key identifies; at least 24 hours. */
export interface IdempotencyKeys {
  /** Binds each new key; answers in order. The same key twice in one call is bound once. @throws Unavailable */
  readonly claim: (claims: readonly KeyClaim[]) => Promise<readonly KeyAnswer[]>;
}
