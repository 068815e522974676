/** The claims of coupon issuing, checked against facts. Pure: each check answers what breaks it. */
import type { CouponCompensated, CouponId, ReservationId } from "../../schemas/coupon.ts";
import type { Accepted, CouponFacts } from "./facts.ts";
import { pendingOf } from "./pending.ts";

/** One claim and what breaks it. */
export interface Check {
  /** The claim, in words. */
  readonly claim: string;
  /** How many things were looked at. */
  readonly looked: number;
  /** How many of them break the claim. */
  readonly broken: number;
  /** How many more would, but are about requests that the workers have not come to yet. */
  readonly pending: number;
  /** At most {@link shownExamples} of those that break it, in words. */
  readonly examples: readonly string[];
}

/** Enough to find the trail, few enough to read. */
export const shownExamples = 5;

/** Checks every claim. */
export const checkCoupons = (facts: CouponFacts): readonly Check[] => {
  const pending = pendingOf(facts);
  const pendingCoupons = new Set([...pending].flatMap((id) => facts.accepted.get(id)?.request.couponId ?? []));
  return [
    everyRequestHasOneVerdict(facts, pending),
    noVerdictWithoutRequest(facts),
    issuedIsStockTaken(facts),
    noUserTwice(facts),
    firstComeFirstServed(facts),
    countersAgree(facts, pendingCoupons),
    marksAreEarned(facts, pending),
    everybodyWasTold(facts),
    whatWentBackWasRefused(facts),
  ];
};

/** True where nothing is broken, and nothing pending. */
export const isSound = (checks: readonly Check[]): boolean =>
  checks.every(({ broken, pending }) => broken === 0 && pending === 0);

/** A check of which these examples break the claim. */
export const check = (claim: string, looked: number, broken: readonly string[], pending = 0): Check => ({
  claim,
  looked,
  broken: broken.length,
  pending,
  examples: broken.slice(0, shownExamples),
});

type Pending = ReadonlySet<ReservationId>;

const everyRequestHasOneVerdict = (facts: CouponFacts, pending: Pending): Check => {
  const { accepted, issued, refused, deadLetters } = facts;
  const broken: string[] = [];
  for (const id of accepted.keys()) {
    const verdicts = Number(issued.has(id)) + Number(refused.has(id));
    if (verdicts !== 1 && !pending.has(id))
      broken.push(`${id} has ${verdicts} verdicts${deadLetters > 0 ? " (dead-lettered?)" : ""}`);
  }
  return check("every accepted request has one verdict", accepted.size, broken, pending.size);
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

/** What is under way holds units: a counter is told to be wrong only where nothing of its coupon is. */
const countersAgree = ({ coupons, counters }: CouponFacts, pendingCoupons: ReadonlySet<CouponId>): Check => {
  const differing = [...counters].filter(([couponId, counter]) => coupons.get(couponId)?.remaining !== counter);
  const [pending, broken] = partition(differing, ([couponId]) => pendingCoupons.has(couponId));
  const told = broken.map(
    ([couponId, counter]) =>
      `${couponId}: counter ${counter}, database ${coupons.get(couponId)?.remaining ?? "has no such coupon"}`,
  );
  return check("the counter equals the database", counters.size, told, pending.length);
};

/** A mark for nothing issued keeps its user from the coupon. */
const marksAreEarned = ({ marks, staleMarks, issued, refused }: CouponFacts, undecided: Pending): Check => {
  const [pending, broken] = partition(staleMarks, ({ reservationId }) => undecided.has(reservationId));
  const told = broken.map(({ couponId, userId, reservationId }) => {
    const held = `${couponId}: a unit is held by ${userId} for ${reservationId}, which`;
    if (refused.has(reservationId)) return `${held} was refused`;
    return issued.has(reservationId) ? `${held} was issued to somebody else` : `${held} has no verdict`;
  });
  const looked = [...marks.values()].reduce((sum, n) => sum + n, 0);
  return check("every unit the gate gave out stands for an issued coupon", looked, told, pending.length);
};

const partition = <T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [readonly T[], readonly T[]] => [
  all.filter(isFirst),
  all.filter((one) => !isFirst(one)),
];

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

/**
 * Told at least once, so often twice. Where an outcome was the reason, the refusal was durable before the unit went back;
 * where it was an error, its record is a dead letter, and the id may stand for a request of somebody else.
 */
const whatWentBackWasRefused = ({ toldCompensated, accepted, refused }: CouponFacts): Check => {
  const broken = toldCompensated.flatMap(({ reservationId: id, reason }) => {
    if (!accepted.has(id)) return [`${id} was never asked for, and its unit was said to have gone back`];
    if (!isOutcome(reason)) return [];
    const verdict = refused.get(id);
    const stands = verdict?.kind === "refused" ? verdict.reason : undefined;
    const fits = stands !== undefined && (reasonOfOutcome[reason] ?? stands) === stands;
    return fits ? [] : [`${id} had its unit go back as ${reason}, and stands ${stands ?? "not refused"}`];
  });
  return check("a unit that went back was that of a refused request", toldCompensated.length, broken);
};

/** What stands where an outcome took a unit back; undefined where it may be any refusal. */
const reasonOfOutcome = { exhausted: "SOLD_OUT", duplicate: "DUPLICATE", refusedBefore: undefined } as const;

const isOutcome = (reason: CouponCompensated["reason"]): reason is keyof typeof reasonOfOutcome =>
  Object.hasOwn(reasonOfOutcome, reason);
