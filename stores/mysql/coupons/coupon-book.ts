/** The truth: who has which coupon, who was refused, and what is left. One transaction for a round. */
import type {
  CouponBook,
  Issue,
  IssuedRound,
  OwnedVerdict,
  Refusal,
  Verdict,
} from "../../../processors/coupons/coupon-ports.ts";
import { Fatal, Poison, Retriable } from "../../../engine/errors.ts";
import type { Fence } from "../../../engine/lease.ts";
import type { CouponId } from "../../../schemas/coupon.ts";
import { checkTake } from "../../ids.ts";
import type { Database } from "../database.ts";
import { checkOwner, type Decision, allocateCoupons, holderKey } from "../../../processors/coupons/allocate-coupons.ts";
import {
  insertIssued,
  insertRefused,
  type LockedCoupon,
  lockCoupons,
  lockOutIssuing,
  readHolders,
  readVerdicts,
  takeUnits,
} from "./round-statements.ts";
import { createRecentHolders, type RecentHolders } from "./recent-holders.ts";
import { inFencedTransaction } from "../partition-lease.ts";
import { inTransaction, type Session } from "../session.ts";

/** Rows of one round at most: what one statement's parameter and one transaction's locks should hold. */
export const roundMaxRows = 10_000;

/** Rounds that look before they decide after one that met something known; see {@link couponBook}. */
const waryRounds = 16;

/**
 * The {@link CouponBook} of a database.
 *
 * Nearly always the database knows nothing about a round yet, but of users who were issued the coupon a moment ago and ask
 * again: those are looked up. So a round is decided as if nothing else were known and written, and the number of new rows shows whether it was; if not, it is rolled back, and decided
 * again after reading what is known. The next 16 rounds then read first at once, so that a stretch of repeated requests
 * (a redelivery, a gate that forgot) does not pay for both. The answers are the same either way.
 *
 * Every transaction holds the rows of its coupons from its first statement, so two rounds of one coupon, or a refusal
 * beside an issue, never run at the same time, from whichever process. With a fence, none of them writes once the lease has
 * another holder. @throws Fenced
 */
export const couponBook = (database: Database, fence?: Fence): CouponBook => {
  const transaction = <T>(work: (session: Session) => Promise<T>): Promise<T> =>
    fence === undefined ? inTransaction(database, work) : inFencedTransaction(database, fence, work);
  let wary = 0;
  const recent = createRecentHolders();
  const issueRound = async (session: Session, issues: readonly Issue[]): Promise<IssuedRound> => {
    if (wary === 0) {
      const round = await issueUnknown(session, issues, recent);
      if (round !== undefined) return round;
      await session.restart();
    }
    const { round, metKnown } = await issueKnown(session, issues, recent);
    wary = metKnown ? waryRounds : Math.max(0, wary - 1);
    return round;
  };
  return {
    issue: async (issues) => {
      if (issues.length === 0) return { answers: [], remaining: new Map() };
      issues.forEach(checkIssue);
      checkSize(issues);
      return transaction((session) => issueRound(session, issues));
    },
    refuse: async (refusals) => {
      if (refusals.length === 0) return [];
      refusals.forEach(checkRefusal);
      checkSize(refusals);
      return transaction((session) => refuseRound(session, refusals));
    },
  };
};

/**
 * Decides and writes a round of which nothing is known; answers `undefined`, and the transaction is spoilt, where
 * something was. A round that sells the coupon out is left to {@link issueKnown}: a user who has the coupon must be answered
 * so and not that it is sold out, and a refusal's row would not show the difference.
 */
const issueUnknown = async (
  session: Session,
  issues: readonly Issue[],
  recent: RecentHolders,
): Promise<IssuedRound | undefined> => {
  const coupons = await lockCoupons(session, issues);
  // Whether a coupon that does not exist makes a record poison depends on whether it has its verdict already.
  if (!areAllThere(issues, coupons)) return undefined;
  const { suspects, remember } = recent.look(issues);
  const holders = suspects.length === 0 ? new Map() : await readHolders(session, suspects, numbersOf(coupons));
  // A copy of what is issued is answered as it was.
  if (suspects.some((issue) => holders.get(holderKey(issue.couponId, issue.userId)) === issue.reservationId))
    return undefined;
  const decision = allocateCoupons(issues, {
    remaining: remainingOf(coupons),
    verdicts: new Map(),
    holders,
  });
  if (decision.refused.some(({ reason }) => reason === "SOLD_OUT")) return undefined;
  if (!(await write(session, decision, coupons))) return undefined;
  // Also where the COMMIT fails, and whoever was refused: it is a suspicion.
  remember();
  return decision;
};

/** Reads what is known about a round, decides, and writes. */
const issueKnown = async (session: Session, issues: readonly Issue[], recent: RecentHolders) => {
  const coupons = await lockCoupons(session, issues);
  const verdicts = await readVerdicts(session, issues);
  const holders = await readHolders(session, issues, numbersOf(coupons));
  const decision = allocateCoupons(issues, { remaining: remainingOf(coupons), verdicts, holders });
  if (!(await write(session, decision, coupons))) throw changedUnderneath("rows that were not there are there");
  recent.look(issues).remember();
  return { round: decision, metKnown: verdicts.size + holders.size > 0 };
};

const areAllThere = (issues: readonly Issue[], coupons: ReadonlyMap<CouponId, LockedCoupon>): boolean => {
  for (const { couponId } of issues) if (!coupons.has(couponId)) return false;
  return true;
};

const numbersOf = (coupons: ReadonlyMap<CouponId, LockedCoupon>): ReadonlyMap<CouponId, number> =>
  new Map([...coupons].map(([couponId, { couponNo }]) => [couponId, couponNo]));

const remainingOf = (coupons: ReadonlyMap<CouponId, LockedCoupon>): ReadonlyMap<CouponId, number> =>
  new Map([...coupons].map(([couponId, { remaining }]) => [couponId, remaining]));

/** Writes a decision; answers whether every row of it was new. Where not, the transaction must not be committed. */
const write = async (
  session: Session,
  { issued, refused, remaining }: Decision,
  coupons: ReadonlyMap<CouponId, LockedCoupon>,
): Promise<boolean> => {
  if (issued.length > 0 && (await insertIssued(session, issued, coupons)) !== issued.length) return false;
  if (refused.length > 0 && (await insertRefused(session, refused)) !== refused.length) return false;
  if (issued.length > 0) await take(session, coupons, remaining);
  return true;
};

/** Takes from coupons that are locked and known to have enough: one that refuses now is a bug, or written to by others. */
const take = async (
  session: Session,
  coupons: ReadonlyMap<CouponId, LockedCoupon>,
  remaining: ReadonlyMap<CouponId, number>,
): Promise<void> => {
  const units = new Map<number, number>();
  for (const [couponId, coupon] of coupons) {
    const taken = coupon.remaining - (remaining.get(couponId) ?? 0);
    if (taken > 0) units.set(coupon.couponNo, taken);
  }
  const taken = await takeUnits(session, units);
  if (taken !== units.size) throw changedUnderneath(`took from ${taken} of ${units.size} coupons`);
};

const refuseRound = async (session: Session, refusals: readonly Refusal[]): Promise<readonly Verdict[]> => {
  const couponNumbers = await lockOutIssuing(session, refusals);
  if ((await insertRefused(session, refusals, couponNumbers)) === refusals.length) {
    return refusals.map(({ reason, refusedAt }) => ({ kind: "refused", reason, refusedAt }));
  }
  const soldOut = refusals.filter(({ reason, couponId }) => reason === "SOLD_OUT" && couponNumbers.has(couponId));
  const holders = soldOut.length === 0 ? new Map() : await readHolders(session, soldOut, couponNumbers);
  const duplicates = soldOut.filter(({ couponId, userId }) => holders.has(holderKey(couponId, userId)));
  // Of those whose own reservation was issued nothing is written: it has its verdict.
  if (duplicates.length > 0)
    await insertRefused(
      session,
      duplicates.map((refusal) => ({ ...refusal, reason: "DUPLICATE" })),
    );
  const verdicts = await readVerdicts(session, refusals);
  return refusals.map((refusal) => verdictFor(refusal, verdicts.get(refusal.reservationId)));
};

const verdictFor = (refusal: Refusal, verdict: OwnedVerdict | undefined): Verdict => {
  if (verdict === undefined) throw changedUnderneath(`reservation ${refusal.reservationId} lost its verdict`);
  checkOwner(refusal, verdict);
  if (verdict.kind === "refused") return { kind: "refused", reason: verdict.reason, refusedAt: verdict.refusedAt };
  const { policyId, issuedAt, expiresAt } = verdict;
  return { kind: "issued", policyId, issuedAt, expiresAt };
};

/** Thrown inside the transaction, so all of it is rolled back. */
const changedUnderneath = (message: string): Retriable =>
  new Retriable("CHANGED_UNDERNEATH", `${message}: something else writes these rows without their coupon's lock`);

const checkSize = (rows: readonly unknown[]): void => {
  if (rows.length <= roundMaxRows) return;
  throw new Fatal("ROUND_TOO_LARGE", `a round has at most ${roundMaxRows} rows, got ${rows.length}: lower maxRound`);
};

const checkIssue = (issue: Issue): void => {
  checkTake(issue);
  checkTime(issue.reservationId, issue.issuedAt);
  checkTime(issue.reservationId, issue.expiresAt);
};

const checkRefusal = (refusal: Refusal): void => {
  checkTake(refusal);
  checkTime(refusal.reservationId, refusal.refusedAt);
};

const checkTime = (idempotencyKey: string, at: number): void => {
  if (Number.isSafeInteger(at) && at >= 0) return;
  throw new Poison("BAD_TIME", `reservation ${idempotencyKey}: expected a time in epoch ms, got ${at}`, {
    idempotencyKey,
  });
};
