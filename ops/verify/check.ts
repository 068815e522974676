/** The claims of coupon issuing, checked against facts. Pure: each check answers what breaks it. */
import type { CouponId, ReservationId } from "../../schemas/coupon.ts";
import type { Accepted, CouponFacts } from "./facts.ts";

/** One claim and what breaks it. */
export interface Check {
  /** The claim, in words. */
  readonly claim: string;
  /** How many things were looked at. */
  readonly looked: number;
  /** How many of them break the claim. */
  readonly broken: number;
  /** At most {@link shownExamples} of those, in words. */
  readonly examples: readonly string[];
}

/** Enough to find the trail, few enough to read. */
export const shownExamples = 5;

/** Checks every claim. */
export const checkCoupons = (facts: CouponFacts): readonly Check[] => [
  everyRequestHasOneVerdict(facts),
  noVerdictWithoutRequest(facts),
  issuedIsStockTaken(facts),
  noUserTwice(facts),
  firstComeFirstServed(facts),
  countersAgree(facts),
  everybodyWasTold(facts),
];

const check = (claim: string, looked: number, broken: readonly string[]): Check => ({
  claim,
  looked,
  broken: broken.length,
  examples: broken.slice(0, shownExamples),
});

const everyRequestHasOneVerdict = ({ accepted, issued, refused, deadLetters }: CouponFacts): Check => {
  const broken: string[] = [];
  for (const id of accepted.keys()) {
    const verdicts = Number(issued.has(id)) + Number(refused.has(id));
    if (verdicts !== 1) broken.push(`${id} has ${verdicts} verdicts${deadLetters > 0 ? " (dead-lettered?)" : ""}`);
  }
  return check("every accepted request has one verdict", accepted.size, broken);
};

const noVerdictWithoutRequest = ({ accepted, issued, refused }: CouponFacts): Check => {
  const broken = [...issued.keys(), ...refused.keys()].filter((id) => !accepted.has(id));
  return check(
    "every verdict belongs to an accepted request",
    issued.size + refused.size,
    broken.map((id) => `${id} was never asked for`),
  );
};

const issuedIsStockTaken = ({ issued, coupons }: CouponFacts): Check => {
  const counts = new Map<CouponId, number>();
  for (const { couponId } of issued.values()) counts.set(couponId, (counts.get(couponId) ?? 0) + 1);
  const broken = [...coupons.values()].flatMap(({ couponId, stock, remaining }) => {
    const count = counts.get(couponId) ?? 0;
    const taken = stock - remaining;
    return count === taken && remaining >= 0 ? [] : [`${couponId}: ${count} issued, ${taken} of ${stock} taken`];
  });
  return check("issued = stock taken, never more than there are", coupons.size, broken);
};

const noUserTwice = ({ issued }: CouponFacts): Check => {
  const seen = new Set<string>();
  const broken: string[] = [];
  for (const { couponId, userId } of issued.values()) {
    const pair = `${couponId} ${userId}`;
    if (seen.has(pair)) broken.push(pair);
    seen.add(pair);
  }
  return check("no user has a coupon twice", issued.size, broken);
};

/** Whoever was told SOLD_OUT came after everybody who got one. */
const firstComeFirstServed = ({ accepted, issued, refused }: CouponFacts): Check => {
  const lastIssued = new Map<CouponId, Accepted>();
  for (const id of issued.keys()) {
    const own = accepted.get(id);
    if (own === undefined) continue;
    const last = lastIssued.get(own.request.couponId);
    if (last === undefined || own.offset > last.offset) lastIssued.set(own.request.couponId, own);
  }
  const broken = [...refused].flatMap(([id, verdict]) => {
    const own = accepted.get(id);
    const last = lastIssued.get(verdict.couponId);
    if (verdict.kind !== "refused" || verdict.reason !== "SOLD_OUT" || own === undefined || last === undefined)
      return [];
    return own.offset < last.offset
      ? [`${id} at offset ${own.offset} was sold out, ${last.request.reservationId} at ${last.offset} was not`]
      : [];
  });
  return check("first come, first served, by offset", issued.size + refused.size, broken);
};

const countersAgree = ({ coupons, counters }: CouponFacts): Check => {
  const broken = [...counters].flatMap(([couponId, counter]) => {
    const remaining = coupons.get(couponId)?.remaining;
    return remaining === counter
      ? []
      : [`${couponId}: counter ${counter}, database ${remaining ?? "has no such coupon"}`];
  });
  return check("the counter equals the database", counters.size, broken);
};

/** Events are written at least once, and say what the database says. */
const everybodyWasTold = ({ issued, refused, toldIssued, toldRefused }: CouponFacts): Check => {
  const untold = (
    told: ReadonlyMap<ReservationId, unknown>,
    rows: ReadonlyMap<ReservationId, unknown>,
    what: string,
  ) => [
    ...[...rows.keys()].filter((id) => !told.has(id)).map((id) => `${id} was ${what}, and nobody was told`),
    ...[...told.keys()].filter((id) => !rows.has(id)).map((id) => `${id} was said to be ${what}, and is not`),
  ];
  const reasons = [...toldRefused].flatMap(([id, event]) => {
    const row = refused.get(id);
    if (row?.kind !== "refused" || row.reason === event.reason) return [];
    return [`${id} was refused for ${row.reason}, and told ${event.reason}`];
  });
  return check("every verdict was told as it is", issued.size + refused.size, [
    ...untold(toldIssued, issued, "issued"),
    ...untold(toldRefused, refused, "refused"),
    ...reasons,
  ]);
};
