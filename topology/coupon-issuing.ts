/** Issues coupons in the order they were asked for, and never more than there are. */
import {
  type Refused,
  recordRefusal,
  type IssuedBefore,
  type Refusable,
} from "../processors/coupons/record-refusal.ts";
import { type OfRequest, type Reserved, releaseStock, reserveStock } from "../processors/coupons/reserve-stock.ts";
import {
  type Duplicate,
  type Exhausted,
  type Issued,
  type RefusedBefore,
  writeThrough,
} from "../processors/coupons/write-through.ts";
import {
  type CouponCompensated,
  type CouponIssued,
  type CouponRefused,
  couponIssueRequests,
  couponsCompensated,
  couponsIssued,
  couponsRefused,
} from "../schemas/coupon.ts";
import type { RecordContext } from "../engine/flow/processor.ts";
import { defineTopology, from, type Stream, undo } from "../engine/flow/dsl.ts";
import type { Undone } from "../engine/flow/parts.ts";

/** From a request to its verdict. The happy path reads straight down; every other outcome leaves at the side. */
export const couponIssuing = defineTopology(
  "coupon-issuing",
  from(couponIssueRequests, (requests) =>
    requests
      .keep("request")
      .step(reserveStock, { reserved: undo(releaseStock, couponsCompensated, toCompensated) })
      .continueOn("reserved", {
        soldOut: refuse,
        notOpen: refuse,
        closed: refuse,
        unknownCoupon: refuse,
        otherPolicy: refuse,
      })
      .step(writeThrough)
      .continueOn("issued", {
        exhausted: giveUp,
        duplicate: giveUp,
        refusedBefore: giveUp,
      })
      .to(couponsIssued, toIssued),
  ),
);

/** Nothing is held: make the refusal durable, then publish it. */
function refuse(refusable: Stream<Refusable & OfRequest, unknown, OfRequest>) {
  return refusable
    .step(recordRefusal)
    .continueOn("refused", { issuedBefore: (before) => before.to(couponsIssued, toIssued) })
    .to(couponsRefused, toRefused);
}

/** A unit is held, and the refusal is durable already: give the unit back, then publish it. */
function giveUp(given: Stream<GivenUp, unknown, OfRequest>) {
  return given.fail(couponsRefused, toGivenUp);
}

type GivenUp = (Exhausted | Duplicate | RefusedBefore) & OfRequest;

function toIssued({ request, policyId, issuedAt, expiresAt }: (Issued | IssuedBefore) & OfRequest): CouponIssued {
  const { reservationId, couponId, userId } = request;
  return { reservationId, couponId, userId, policyId, issuedAt, expiresAt };
}

function toRefused({
  request: { reservationId, couponId, userId },
  reason,
  refusedAt,
}: Refused & OfRequest): CouponRefused {
  return { reservationId, couponId, userId, reason, refusedAt };
}

function toGivenUp(given: GivenUp, { timestampMs }: RecordContext): CouponRefused {
  const { reservationId, couponId, userId } = given.request;
  return { reservationId, couponId, userId, reason: reasonOf(given), refusedAt: timestampMs };
}

function toCompensated({ done: { request }, reason, undoneAt }: Undone<Reserved & OfRequest>): CouponCompensated {
  const { reservationId, couponId } = request;
  return { reservationId, couponId, undo: releaseStock.name, reason, compensatedAt: undoneAt };
}

function reasonOf(given: GivenUp): CouponRefused["reason"] {
  switch (given.kind) {
    case "exhausted":
      return "SOLD_OUT";
    case "duplicate":
      return "DUPLICATE";
    case "refusedBefore":
      return given.reason;
  }
}
