/** The first step: is the coupon open to this request, and is there a unit for it? */
import type { Coupon, CouponId, CouponIssueRequested } from "../../schemas/coupon.ts";
import { checkTerms, type RefusedByTerms, type UnknownCoupon } from "./check-terms.ts";
import type { CouponCatalog, CouponStock, TakeAnswer } from "./coupon-ports.ts";
import { Unavailable } from "../../engine/errors.ts";
import { defineCompensation, defineProcessor, type Item } from "../../engine/flow/processor.ts";

/** What a path of coupon issuing keeps: the request. Every outcome is about it. */
export type OfRequest = { readonly request: CouponIssueRequested };

/** One unit of stock is held for this request, under these terms; or the database is to say whether there is one. */
export type Reserved = { readonly kind: "reserved"; readonly coupon: Coupon };
/** No unit was left. Nothing is held. */
export type SoldOut = { readonly kind: "soldOut" };
type Outcomes = Reserved | SoldOut | RefusedByTerms | UnknownCoupon;
type Needs = { readonly stock: CouponStock; readonly catalog: CouponCatalog };
type Requests = readonly Item<OfRequest>[];

/**
 * Takes one unit for each request that its coupon's terms admit. It may run ahead: the gate refuses only while nothing of the
 * coupon is in flight and the database has nothing left, and whom it lets through the next step decides.
 */
export const reserveStock = defineProcessor({
  name: "reserve-stock",
  compensatable: ["reserved"],
  ahead: true,
  runMany: async (requests: Requests, { stock, catalog }: Needs): Promise<readonly Outcomes[]> => {
    const coupons = await catalog.find([...new Set(requests.map(couponIdOf))]);
    const { outcomes, admitted } = checkAll(requests, reservedOf(coupons));
    return concludeAll(outcomes, admitted, await takeAll(admitted, { stock, catalog }));
  },
});

const couponIdOf = ({ value }: Requests[number]): CouponId => value.request.couponId;

/** What each request that gets a unit of a coupon comes to: one object a coupon. */
const reservedOf = (coupons: ReadonlyMap<CouponId, Coupon>): ReadonlyMap<CouponId, Reserved> => {
  const outcomes = new Map<CouponId, Reserved>();
  for (const [couponId, coupon] of coupons) outcomes.set(couponId, { kind: "reserved", coupon });
  return outcomes;
};

/** What each comes to by the terms, and if the gate has a unit for it; and the requests that the terms admit. */
const checkAll = (requests: Requests, reserved: ReadonlyMap<CouponId, Reserved>) => {
  const outcomes: Outcomes[] = [];
  const admitted: CouponIssueRequested[] = [];
  for (const { value, context } of requests) {
    const { request } = value;
    const ifTaken = reserved.get(request.couponId);
    const outcome = ifTaken === undefined ? unknownCoupon : outcomeOf(request, ifTaken, context.acceptedAtMs);
    if (outcome.kind === "reserved") admitted.push(request);
    outcomes.push(outcome);
  }
  return { outcomes, admitted };
};

const unknownCoupon: UnknownCoupon = { kind: "unknownCoupon" };

const outcomeOf = (request: CouponIssueRequested, ifTaken: Reserved, acceptedAtMs: number): RefusedByTerms | Reserved =>
  checkTerms(request, ifTaken.coupon, acceptedAtMs) ?? ifTaken;

/** Puts the gate's answers to those admitted in their places. */
const concludeAll = (
  outcomes: Outcomes[],
  admitted: readonly CouponIssueRequested[],
  answers: readonly TakeAnswer[],
): readonly Outcomes[] => {
  let at = 0;
  for (const [place, outcome] of outcomes.entries())
    if (outcome.kind === "reserved") outcomes[place] = conclude(outcome, answers[at], admitted[at++]);
  return outcomes;
};

/** Gives the unit back, where one is held still. */
export const releaseStock = defineCompensation({
  name: "release-stock",
  runMany: (done: readonly Item<Reserved & OfRequest>[], { stock }: { readonly stock: CouponStock }): Promise<void> =>
    stock.release(done.map(({ value }) => value.request)),
});

/**
 * Asks the gate; where it has no counter (-2), sets it to what the database says is left and asks again. That is never too low:
 * whatever an earlier round took is in the database by now, or went back, or is not in it yet.
 */
const takeAll = async (
  requests: readonly CouponIssueRequested[],
  { stock, catalog }: Needs,
): Promise<readonly TakeAnswer[]> => {
  if (requests.length === 0) return [];
  const answers = await stock.reserve(requests);
  if (!answers.includes("uninitialised")) return answers;
  const missing = requests.filter((_, at) => answers[at] === "uninitialised").map(({ couponId }) => couponId);
  await stock.initialise(await catalog.remaining([...new Set(missing)]));
  return stock.reserve(requests);
};

const conclude = (
  reserved: Reserved,
  answer: TakeAnswer | undefined,
  request: CouponIssueRequested | undefined,
): Outcomes => {
  switch (answer) {
    case "taken":
    case "unsure":
      return reserved;
    case "none":
      return { kind: "soldOut" };
    case "uninitialised":
    case undefined:
      // The counter vanished between two calls (a flush, a fail-over): ask again later, decide nothing now.
      throw new Unavailable("redis", `no counter for coupon ${request?.couponId} right after it was set`);
  }
};
