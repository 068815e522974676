/** The first step: is the coupon open to this request, and is there a unit for it? */
import type { Coupon, CouponId, CouponIssueRequested } from "../../schemas/coupon.ts";
import { type Admitted, checkTerms, type RefusedByTerms } from "./check-terms.ts";
import type { CouponCatalog, CouponStock, TakeAnswer } from "./coupon-ports.ts";
import { Unavailable } from "../../engine/errors.ts";
import { defineCompensation, defineProcessor, type Item } from "../../engine/flow/processor.ts";

/** What a path of coupon issuing keeps: the request. Every outcome is about it. */
export type OfRequest = { readonly request: CouponIssueRequested };

/** One unit of stock is held for this request, under these terms; or the database is to say whether there is one. */
export type Reserved = { readonly kind: "reserved"; readonly coupon: Coupon };
/** No unit was left. Nothing is held. */
export type SoldOut = { readonly kind: "soldOut" };
type Outcomes = Reserved | SoldOut | RefusedByTerms;
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
    const { checked, admitted } = checkAll(requests, coupons);
    return concludeAll(checked, admitted, await takeAll(admitted, { stock, catalog }));
  },
});

const couponIdOf = ({ value }: Requests[number]): CouponId => value.request.couponId;

/** What the terms say of each, and the requests that they admit. */
const checkAll = (requests: Requests, coupons: ReadonlyMap<CouponId, Coupon>) => {
  const checked: (Admitted | RefusedByTerms)[] = [];
  const admitted: CouponIssueRequested[] = [];
  for (const { value, context } of requests) {
    const { request } = value;
    const terms = checkTerms(request, coupons.get(request.couponId), context.acceptedAtMs);
    checked.push(terms);
    if (terms.kind === "admitted") admitted.push(request);
  }
  return { checked, admitted };
};

/** The outcome of each; `answers` are the gate's to those admitted. */
const concludeAll = (
  checked: readonly (Admitted | RefusedByTerms)[],
  admitted: readonly CouponIssueRequested[],
  answers: readonly TakeAnswer[],
): readonly Outcomes[] => {
  const outcomes: Outcomes[] = [];
  let at = 0;
  for (const terms of checked) {
    if (terms.kind !== "admitted") outcomes.push(terms);
    else outcomes.push(conclude({ kind: "reserved", coupon: terms.coupon }, answers[at], admitted[at++]));
  }
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
