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
  const round = newRound(known);
  const answers: IssueAnswer[] = [];
  for (const issue of issues) answers.push(allocate(issue, round));
  return { answers, issued: round.issued, refused: round.refused, remaining: round.remaining };
};

/** A round while it is decided: what is known, and what was decided of it so far. */
interface Allocating {
  readonly known: Known;
  readonly remaining: Map<CouponId, number>;
  /** What each reservation of the round was decided, which its repetitions keep. */
  readonly decided: Map<ReservationId, Issue | OwnedVerdict>;
  /** What was issued to each user. Nearly all ask for one coupon: a text for each pair would be two thousand texts a round. */
  readonly issuedTo: Map<UserId, Issue | Issue[]>;
  readonly issued: Issue[];
  readonly refused: Refusal[];
  /** The latest answer: requests that the broker took together are answered by one object. */
  issuedAnswer: IssuedAnswer;
}

type IssuedAnswer = Extract<IssueAnswer, { readonly kind: "issued" }>;

const newRound = (known: Known): Allocating => ({
  known,
  remaining: new Map(known.remaining),
  decided: new Map(),
  issuedTo: new Map(),
  issued: [],
  refused: [],
  issuedAnswer: { kind: "issued", issuedAt: 0, expiresAt: 0 },
});

const allocate = (issue: Issue, round: Allocating): IssueAnswer => {
  const { known, decided, remaining } = round;
  const verdict = decided.get(issue.reservationId) ?? known.verdicts.get(issue.reservationId);
  if (verdict !== undefined) return repeat(issue, verdict, round);
  const left = remaining.get(issue.couponId);
  if (left === undefined) throw unknownCoupon(issue);
  if (isHolder(issue, round)) {
    refuse(issue, "DUPLICATE", round);
    return { kind: "duplicate" };
  }
  if (left <= 0) {
    refuse(issue, "SOLD_OUT", round);
    return { kind: "exhausted" };
  }
  remaining.set(issue.couponId, left - 1);
  return grant(issue, round);
};

/** Whether the user has the coupon by another reservation, known or of this round. */
const isHolder = ({ couponId, userId }: Issue, { known, issuedTo }: Allocating): boolean => {
  const own = issuedTo.get(userId);
  if (own !== undefined) {
    const isOwn = Array.isArray(own) ? own.some((issue) => issue.couponId === couponId) : own.couponId === couponId;
    if (isOwn) return true;
  }
  return known.holders.size > 0 && known.holders.has(holderKey(couponId, userId));
};

const grant = (issue: Issue, round: Allocating): IssueAnswer => {
  const { decided, issuedTo, issued } = round;
  const before = issuedTo.get(issue.userId);
  if (before === undefined) issuedTo.set(issue.userId, issue);
  else if (Array.isArray(before)) before.push(issue);
  else issuedTo.set(issue.userId, [before, issue]);
  decided.set(issue.reservationId, issue);
  issued.push(issue);
  return issuedAs(issue, round);
};

const issuedAs = ({ issuedAt, expiresAt }: Omit<IssuedAnswer, "kind">, round: Allocating): IssuedAnswer => {
  const { issuedAnswer: latest } = round;
  if (latest.issuedAt === issuedAt && latest.expiresAt === expiresAt) return latest;
  round.issuedAnswer = { kind: "issued", issuedAt, expiresAt };
  return round.issuedAnswer;
};

const refuse = (
  { couponId, userId, reservationId, issuedAt }: Issue,
  reason: RefusalReason,
  { decided, refused }: Allocating,
): void => {
  const refusal = { couponId, userId, reservationId, reason, refusedAt: issuedAt };
  decided.set(reservationId, { kind: "refused", ...refusal });
  refused.push(refusal);
};

const repeat = (issue: Issue, verdict: Issue | OwnedVerdict, round: Allocating): IssueAnswer => {
  checkOwner(issue, verdict);
  if ("kind" in verdict && verdict.kind === "refused") return { kind: "decided", reason: verdict.reason };
  return issuedAs(verdict, round);
};

/**
 * A reservation belongs to one coupon and one user. A request that reuses its id for others must not be answered with, or
 * given, what is theirs.
 * @throws Poison naming the reservation.
 */
export const checkOwner = (asked: Take, verdict: Pick<Take, "couponId" | "userId">): void => {
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
