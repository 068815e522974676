/**
 * Decides a round of issues against what the database knows, one by one in order. Pure: the SQL around it only reads
 * what it needs and writes what it says.
 */
import type { Issue, IssueAnswer, OwnedVerdict, Refusal, Take } from "./coupon-ports.ts";
import { Poison } from "../../engine/errors.ts";
import type { CouponId, RefusalReason, ReservationId, UserId } from "../../schemas/coupon.ts";

/** What the database knows about a round. */
export interface Known {
  /** Units left of each coupon that exists. */
  readonly remaining: ReadonlyMap<CouponId, number>;
  /** The verdicts there are for reservations of this round. */
  readonly verdicts: ReadonlyMap<ReservationId, OwnedVerdict>;
  /** Who holds a coupon of this round already, by {@link holderKey}. */
  readonly holders: ReadonlyMap<string, ReservationId>;
}

/** What to answer and what to write. */
export interface Decision {
  /** One for each issue, in order. */
  readonly answers: readonly IssueAnswer[];
  /** To be written as user coupons; each takes a unit of its coupon. No two have one reservation, or one coupon and user. */
  readonly issued: readonly Issue[];
  /** To be written as refusals. No two have one reservation. */
  readonly refused: readonly Refusal[];
  /** Units left of each coupon after that. */
  readonly remaining: ReadonlyMap<CouponId, number>;
}

/** One text for a coupon and a user, different for every pair. */
export const holderKey = (couponId: CouponId, userId: UserId): string => `${couponId.length} ${couponId} ${userId}`;

/**
 * The first that fit are issued, in order. A reservation that has a verdict, from an earlier attempt or from earlier in
 * this round, keeps it; a user who holds the coupon by another one is a duplicate, sold out or not.
 * @throws Poison naming a reservation that belongs to another coupon or user, or whose coupon does not exist.
 */
export const allocateCoupons = (issues: readonly Issue[], known: Known): Decision => {
  const round: Allocating = {
    remaining: new Map(known.remaining),
    verdicts: new Map(known.verdicts),
    holders: new Map(known.holders),
    issued: [],
    refused: [],
  };
  const answers: IssueAnswer[] = [];
  for (const issue of issues) answers.push(allocate(issue, round));
  return { answers, issued: round.issued, refused: round.refused, remaining: round.remaining };
};

/** A round while it is decided: what is known, and what was decided of it so far. */
interface Allocating {
  readonly remaining: Map<CouponId, number>;
  readonly verdicts: Map<ReservationId, OwnedVerdict>;
  readonly holders: Map<string, ReservationId>;
  readonly issued: Issue[];
  readonly refused: Refusal[];
}

const allocate = (issue: Issue, round: Allocating): IssueAnswer => {
  const verdict = round.verdicts.get(issue.reservationId);
  if (verdict !== undefined) return repeat(issue, verdict);
  const left = round.remaining.get(issue.couponId);
  if (left === undefined) throw unknownCoupon(issue);
  const holder = holderKey(issue.couponId, issue.userId);
  if (round.holders.has(holder)) {
    refuse(issue, "DUPLICATE", round);
    return { kind: "duplicate" };
  }
  if (left > 0) return grant(issue, { left, holder }, round);
  refuse(issue, "SOLD_OUT", round);
  return { kind: "exhausted" };
};

const grant = (
  issue: Issue,
  { left, holder }: { readonly left: number; readonly holder: string },
  { remaining, verdicts, holders, issued }: Allocating,
): IssueAnswer => {
  const { couponId, userId, reservationId, policyId, issuedAt, expiresAt } = issue;
  remaining.set(couponId, left - 1);
  holders.set(holder, reservationId);
  verdicts.set(reservationId, { kind: "issued", couponId, userId, policyId, issuedAt, expiresAt });
  issued.push(issue);
  return { kind: "issued", issuedAt, expiresAt };
};

const refuse = (
  { couponId, userId, reservationId, issuedAt }: Issue,
  reason: RefusalReason,
  { verdicts, refused }: Allocating,
): void => {
  const refusal = { couponId, userId, reservationId, reason, refusedAt: issuedAt };
  verdicts.set(reservationId, { kind: "refused", ...refusal });
  refused.push(refusal);
};

const repeat = (issue: Issue, verdict: OwnedVerdict): IssueAnswer => {
  checkOwner(issue, verdict);
  if (verdict.kind === "refused") return { kind: "decided", reason: verdict.reason };
  return { kind: "issued", issuedAt: verdict.issuedAt, expiresAt: verdict.expiresAt };
};

/**
 * A reservation belongs to one coupon and one user. A request that reuses its id for others must not be answered with, or
 * given, what is theirs.
 * @throws Poison naming the reservation.
 */
export const checkOwner = (asked: Take, verdict: OwnedVerdict): void => {
  if (asked.couponId === verdict.couponId && asked.userId === verdict.userId) return;
  throw new Poison(
    "RESERVATION_REUSED",
    `reservation ${asked.reservationId} is asked for coupon ${asked.couponId}, user ${asked.userId}; it belongs to another`,
    { idempotencyKey: asked.reservationId },
  );
};

const unknownCoupon = ({ reservationId, couponId }: Issue): Poison =>
  new Poison("COUPON_UNKNOWN", `reservation ${reservationId}: the database has no coupon ${couponId} to issue`, {
    idempotencyKey: reservationId,
  });
