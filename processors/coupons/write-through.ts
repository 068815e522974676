/**
 * The second step: the database takes the unit and writes the user's coupon, or refuses although the gate agreed. Then the gate
 * is settled: its counter is what the transaction left, and its marks go. So the gate holds what is in flight, not what was
 * ever issued, and a unit that was taken twice, for a copy of a request or for a user who has the coupon, is back.
 */
import type { PolicyId, RefusalReason } from "../../schemas/coupon.ts";
import type { CouponBook, CouponStock, Issue, IssueAnswer } from "./coupon-ports.ts";
import { defineProcessor, type Item } from "../../engine/flow/processor.ts";
import type { OfRequest, Reserved } from "./reserve-stock.ts";

/** The user's coupon is durable. */
export type Issued = {
  readonly kind: "issued";
  readonly policyId: PolicyId;
  readonly issuedAt: number;
  readonly expiresAt: number;
};
/** The database has no unit left, whatever the gate said; the refusal is durable. */
export type Exhausted = { readonly kind: "exhausted" };
/** The user has this coupon by another reservation; the refusal is durable. */
export type Duplicate = { readonly kind: "duplicate" };
/** An earlier delivery of this request was refused; that verdict remains. */
export type RefusedBefore = {
  readonly kind: "refusedBefore";
  readonly reason: RefusalReason;
};

type Outcomes = Issued | Exhausted | Duplicate | RefusedBefore;
type Needs = { readonly book: CouponBook; readonly stock: CouponStock };

const dayMs = 86_400_000;

/**
 * Writes a round of reserved requests in one transaction, and settles the gate. Where that fails, all of it is asked again: the
 * database then answers what it has written.
 */
export const writeThrough = defineProcessor({
  name: "write-through",
  compensatable: [],
  runMany: async (reserved: readonly Item<Reserved & OfRequest>[], needs: Needs): Promise<readonly Outcomes[]> => {
    const { book, stock } = needs;
    const { answers, remaining } = await book.issue(reserved.map(toIssue));
    await stock.settle(remaining);
    return toOutcomes(reserved, answers);
  },
});

/** Times come from the broker's timestamp, so a second attempt writes the same row. */
const toIssue = ({ value: { request, coupon }, context }: Item<Reserved & OfRequest>): Issue => ({
  couponId: request.couponId,
  userId: request.userId,
  reservationId: request.reservationId,
  policyId: coupon.policyId,
  issuedAt: context.timestampMs,
  expiresAt: context.timestampMs + coupon.validForDays * dayMs,
});

const toOutcomes = (
  reserved: readonly Item<Reserved & OfRequest>[],
  answers: readonly IssueAnswer[],
): readonly Outcomes[] => {
  const outcomes: Outcomes[] = [];
  let at = 0;
  let latest: Outcomes | undefined;
  for (const { value } of reserved) {
    latest = toOutcome(value, answers[at++], latest);
    outcomes.push(latest);
  }
  return outcomes;
};

/** What an answer comes to; `latest`, where it is the same: requests that the broker took together have one outcome. */
const toOutcome = (
  { request, coupon }: Reserved & OfRequest,
  answer: IssueAnswer | undefined,
  latest: Outcomes | undefined,
): Outcomes => {
  if (answer === undefined) throw new RangeError(`the coupon book gave no answer for ${request.reservationId}`);
  switch (answer.kind) {
    case "issued": {
      const { issuedAt, expiresAt } = answer;
      const { policyId } = coupon;
      const isLatest = latest?.kind === "issued" && latest.issuedAt === issuedAt && latest.expiresAt === expiresAt;
      return isLatest && latest.policyId === policyId ? latest : { kind: "issued", policyId, issuedAt, expiresAt };
    }
    case "decided":
      return { kind: "refusedBefore", reason: answer.reason };
    case "exhausted":
    case "duplicate":
      return { kind: answer.kind };
  }
};
