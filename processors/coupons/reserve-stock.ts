/** The first step: is the coupon open to this request, and is there a unit for it? */
import type { Coupon, CouponIssueRequested } from "../../schemas/coupon.ts";
import type { CouponCatalog, CouponStock, TakeAnswer } from "./coupon-ports.ts";
import { Unavailable } from "../../engine/errors.ts";
import { defineCompensation, defineProcessor, type Item } from "../../engine/flow/processor.ts";

/** What a path of coupon issuing keeps: the request. Every outcome is about it. */
export type OfRequest = { readonly request: CouponIssueRequested };

/** One unit of stock is held for this request, under these terms. */
export type Reserved = { readonly kind: "reserved"; readonly coupon: Coupon };
/** No unit was left. Nothing is held. */
export type SoldOut = { readonly kind: "soldOut" };
/** The request was accepted before the coupon opened. Nothing is held. */
export type NotOpen = { readonly kind: "notOpen" };
/** The request was accepted after the coupon closed. Nothing is held. */
export type Closed = { readonly kind: "closed" };
/** No coupon has this id. Nothing is held. */
export type UnknownCoupon = { readonly kind: "unknownCoupon" };
/** The user was shown another policy than the coupon has. Nothing is held. */
export type OtherPolicy = { readonly kind: "otherPolicy" };
/** The user holds this coupon by another reservation. Nothing more is held. */
export type AlreadyHeld = { readonly kind: "alreadyHeld" };

type Outcomes = Reserved | SoldOut | NotOpen | Closed | UnknownCoupon | OtherPolicy | AlreadyHeld;
type Needs = { readonly stock: CouponStock; readonly catalog: CouponCatalog };
type Requests = readonly Item<OfRequest>[];

/** Takes one unit for each request that its coupon's terms admit. */
export const reserveStock = defineProcessor({
  name: "reserve-stock",
  compensatable: ["reserved"],
  runMany: async (requests: Requests, { stock, catalog }: Needs): Promise<readonly Outcomes[]> => {
    const coupons = await catalog.find([...new Set(requests.map(({ value }) => value.request.couponId))]);
    const judged = requests.map((item) => judge(item, coupons.get(item.value.request.couponId)));
    const admitted = requests.flatMap(({ value }, at) => (judged[at]?.kind === "reserved" ? [value.request] : []));
    const answers = await takeAll(admitted, { stock, catalog });
    let next = 0;
    return judged.map((outcome) => {
      if (outcome.kind !== "reserved") return outcome;
      const at = next++;
      return conclude(outcome, answers[at], admitted[at]);
    });
  },
});

/** Gives the unit back. */
export const releaseStock = defineCompensation({
  name: "release-stock",
  runMany: (done: readonly Item<Reserved & OfRequest>[], { stock }: { readonly stock: CouponStock }): Promise<void> =>
    stock.release(done.map(({ value }) => value.request)),
});

/** What the terms alone say; `reserved` where the stock decides. By the broker's clock: the same at every delivery. */
const judge = ({ value: { request }, context }: Item<OfRequest>, coupon: Coupon | undefined): Outcomes => {
  if (coupon === undefined) return { kind: "unknownCoupon" };
  if (coupon.opensAt !== null && context.timestampMs < coupon.opensAt) return { kind: "notOpen" };
  if (coupon.closesAt !== null && context.timestampMs >= coupon.closesAt) return { kind: "closed" };
  if (request.policyId !== null && request.policyId !== coupon.policyId) return { kind: "otherPolicy" };
  return { kind: "reserved", coupon };
};

/**
 * Asks the gate; where it has no counter (-2), sets it to what the database says is left and asks again. Exact, because
 * a coupon is in one round at a time: whatever an earlier round took is in the database by now, or went back.
 */
const takeAll = async (
  requests: readonly CouponIssueRequested[],
  { stock, catalog }: Needs,
): Promise<readonly TakeAnswer[]> => {
  if (requests.length === 0) return [];
  const answers = await stock.reserve(requests);
  const missing = requests.filter((_, at) => answers[at] === "uninitialised").map(({ couponId }) => couponId);
  if (missing.length === 0) return answers;
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
      return reserved;
    case "none":
      return { kind: "soldOut" };
    case "heldByOther":
      return { kind: "alreadyHeld" };
    case "uninitialised":
    case undefined:
      // The counter vanished between two calls (a flush, a fail-over): ask again later, decide nothing now.
      throw new Unavailable("redis", `no counter for coupon ${request?.couponId} right after it was set`);
  }
};
