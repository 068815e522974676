/**
 * The claims of coupon issuing, checked against facts. Pure: each check answers what breaks it. There may be millions of facts, so
 * they are looked at one by one, and none are collected but those that a claim is about.
 */
import type { Check } from "../../engine/app/verify/verification.ts";
import type { CouponCompensated, CouponId, ReservationId } from "../../schemas/coupon.ts";
import type { TakenCoupon } from "../../stores/mysql/coupons/coupon-audit.ts";
import { digestId } from "./rows/digest-id.ts";
import { PackedIds } from "./rows/packed-ids.ts";
import { foreignKey, stockKey } from "../../stores/redis/stock-key.ts";
import { check, type Finding, withOlder } from "./claim.ts";
import type { Accepted, CouponFacts, VerdictRow } from "./facts.ts";
import { lettersWait, retriesStandForLetters } from "./letters.ts";
import { pendingOf } from "./pending.ts";

/** Checks every claim. */
export const checkCoupons = (facts: CouponFacts): readonly Check[] => {
  const pending = pendingOf(facts);
  // What a dead letter in doubt holds is settled when it is replayed.
  const unsettled = new Set([...pending, ...(facts.letters?.waiting ?? [])]);
  const unsettledCoupons = new Set([...unsettled].flatMap((id) => facts.accepted.get(id)?.request.couponId ?? []));
  return [
    everyRequestHasOneVerdict(facts, pending),
    ...deadLetterChecks(facts, pending),
    noVerdictWithoutRequest(facts),
    issuedIsStockTaken(facts),
    noUserTwice(facts),
    firstComeFirstServed(facts),
    countersAgree(facts, unsettledCoupons),
    nothingIsHeld(facts, unsettledCoupons),
    everyVerdictIsPublished(facts),
    givenBackIsRefused(facts),
  ];
};

/**
 * Names what is found of coupons by how many of their requests were accepted: tables and gate are read one after the other, so what
 * differs of a coupon that is asked for may be what was decided meanwhile. It is the same only once nobody asks any more. What is
 * proven by what was read in one moment has its coupon's name instead.
 */
const ofCoupons = function* (
  { accepted }: Pick<CouponFacts, "accepted">,
  findings: readonly (readonly [CouponId, text: string])[],
): Generator<Finding> {
  if (findings.length === 0) return;
  const requests = new Map<CouponId, number>(findings.map(([couponId]) => [couponId, 0]));
  for (const { request } of accepted.values()) {
    const count = requests.get(request.couponId);
    if (count !== undefined) requests.set(request.couponId, count + 1);
  }
  for (const [couponId, text] of findings) yield { text, name: `${text}, of ${requests.get(couponId)} requests` };
};

type Pending = ReadonlySet<ReservationId>;

const everyRequestHasOneVerdict = (facts: CouponFacts, pending: Pending): Check => {
  const { accepted, issued, refused, deadLetters } = facts;
  const broken = function* (): Generator<Finding> {
    for (const id of accepted.keys()) {
      const verdicts = Number(issued.has(id)) + Number(refused.has(id));
      // What waits as a dead letter has a claim of its own; what somebody discarded has none.
      if (verdicts === 0 && isSetAside(facts, id)) continue;
      if (verdicts === 1 || pending.has(id)) continue;
      const name = `${id} has ${verdicts} verdicts`;
      yield { text: `${name}${deadLetters > 0 ? " (dead-lettered?)" : ""}`, name };
    }
  };
  return check("every accepted request has one verdict", accepted.size, broken(), pending.size);
};

const isSetAside = ({ letters }: CouponFacts, id: ReservationId): boolean =>
  letters !== undefined && (letters.waiting.has(id) || letters.discarded.has(id));

/** Claims about dead letters, where somebody looked at them. */
const deadLetterChecks = ({ accepted, issued, refused, letters }: CouponFacts, pending: Pending): readonly Check[] => {
  if (letters === undefined) return [];
  const isWaiting = (id: ReservationId): boolean =>
    accepted.has(id) && !issued.has(id) && !refused.has(id) && !pending.has(id);
  const waiting = [...letters.waiting].filter(isWaiting).length;
  return [lettersWait(waiting, letters.open + letters.pending), retriesStandForLetters(letters)];
};

/** When a verdict's request was accepted, by the broker's clock, epoch ms. */
const acceptedAt = (verdict: VerdictRow): number => (verdict.kind === "issued" ? verdict.issuedAt : verdict.refusedAt);

const noVerdictWithoutRequest = ({ accepted, issued, refused, topicsSince }: CouponFacts): Check => {
  let older = 0;
  const broken = function* (): Generator<string> {
    for (const verdicts of [issued, refused])
      for (const [id, verdict] of verdicts) {
        if (accepted.has(id)) continue;
        if (acceptedAt(verdict) < topicsSince.requests) older += 1;
        else yield `${id} has a verdict, and there is no such request`;
      }
  };
  const checked = check("every verdict belongs to an accepted request", issued.size + refused.size, broken());
  return withOlder(checked, older);
};

/**
 * Coupons of which more or less seems to be issued than taken, or more than there are. Where rows and stock were not read at one
 * moment, these are to be read again. One with rows missing is not among them where just as many were issued between the two reads:
 * the next look has other numbers.
 */
export const unbalanced = (coupons: CouponFacts["coupons"], issued: CouponFacts["issued"]): readonly TakenCoupon[] => {
  const counts = new Map<CouponId, number>();
  for (const { couponId } of issued.values()) counts.set(couponId, (counts.get(couponId) ?? 0) + 1);
  return [...coupons.values()]
    .map((row) => ({ ...row, issued: counts.get(row.couponId) ?? 0 }))
    .filter((row) => !isBalanced(row));
};

/** Whether as many are issued as are taken, and no more than there are. */
export const isBalanced = ({ stock, remaining, issued }: TakenCoupon): boolean =>
  issued === stock - remaining && remaining >= 0;

const issuedIsStockTaken = ({ coupons, issued: verdicts, taken }: CouponFacts): Check => {
  const broken = function* (): Generator<Finding> {
    for (const seen of unbalanced(coupons, verdicts)) {
      const row = taken?.get(seen.couponId) ?? seen;
      const { couponId, stock, remaining, issued } = row;
      if (!isBalanced(row))
        yield { text: `${couponId}: ${issued} issued, ${stock - remaining} of ${stock} taken`, name: couponId };
    }
  };
  return check("issued = stock taken, never more than there are", coupons.size, broken());
};

const noUserTwice = ({ issued }: CouponFacts): Check => {
  const seen = new PackedIds<string>();
  const broken = function* (): Generator<string> {
    for (const verdict of issued.values()) {
      if (verdict.kind !== "issued") continue;
      const pair = `${verdict.couponId} ${verdict.userId}`;
      const digest = digestId(pair);
      if (seen.numberOf(digest) === undefined) seen.add(digest);
      else yield pair;
    }
  };
  return check("no user has a coupon twice", issued.size, broken());
};

/** Every request that was refused as SOLD_OUT came after every request that was issued; a replayed one came when it was replayed. */
const firstComeFirstServed = ({ accepted, issued, refused, letters }: CouponFacts): Check => {
  const lastIssued = new Map<CouponId, Accepted>();
  for (const id of issued.keys()) {
    const own = accepted.get(id);
    if (own === undefined) continue;
    const last = lastIssued.get(own.request.couponId);
    if (last === undefined || own.offset > last.offset) lastIssued.set(own.request.couponId, own);
  }
  const broken = function* (): Generator<Finding> {
    for (const [id, verdict] of refused) {
      const last = lastIssued.get(verdict.couponId);
      if (verdict.kind !== "refused" || verdict.reason !== "SOLD_OUT" || last === undefined) continue;
      const own = accepted.get(id);
      if (own === undefined || own.offset >= last.offset || letters?.replayed.has(id) === true) continue;
      const text = `${id} at offset ${own.offset} was sold out, ${last.request.reservationId} at ${last.offset} was not`;
      // The last one that was issued may be another one in the next look.
      yield { text, name: id };
    }
  };
  return check("first come, first served, by offset", issued.size + refused.size, broken());
};

/** A request in flight has taken its unit already: a counter counts as wrong only where no request of its coupon is pending. */
const countersAgree = (facts: CouponFacts, pendingCoupons: ReadonlySet<CouponId>): Check => {
  const { coupons, counters, foreign } = facts;
  const differing = [...counters].filter(([couponId, counter]) => coupons.get(couponId)?.remaining !== counter);
  const [pending, broken] = partition(differing, ([couponId]) => pendingCoupons.has(couponId));
  // First, and whatever is in flight: no round and no repair brings these in order.
  const keys = [...foreign].map((couponId) => `${couponId}: ${foreignKey(stockKey(couponId))}`);
  const differ = broken.filter(([, counter]) => !Number.isNaN(counter));
  const wanted = (couponId: CouponId): string => `database ${coupons.get(couponId)?.remaining ?? "has no such coupon"}`;
  const noNumbers = broken.flatMap(([couponId, counter]): readonly Finding[] => {
    const text = `${couponId}: counter is no number`;
    return Number.isNaN(counter) ? [{ text: `${text}, ${wanted(couponId)}`, name: text }] : [];
  });
  const texts = differ.map(
    ([couponId, counter]) => [couponId, `${couponId}: counter ${counter}, ${wanted(couponId)}`] as const,
  );
  const looked = counters.size + foreign.size;
  const all = [...keys, ...noNumbers, ...ofCoupons(facts, texts)];
  return check("the counter equals the database", looked, all, pending.length);
};

/** A mark of what is decided keeps the gate from saying that a coupon is sold out: the database is asked each time. */
const nothingIsHeld = (facts: CouponFacts, pendingCoupons: ReadonlySet<CouponId>): Check => {
  const { marks } = facts;
  const held = [...marks].filter(([, count]) => count > 0);
  const [pending, broken] = partition(held, ([couponId]) => pendingCoupons.has(couponId));
  const units = broken.map(
    ([couponId, count]) => [couponId, `${couponId}: ${count} unit(s) in flight, and no request`] as const,
  );
  const claim = "the gate holds no unit without a request in flight";
  return check(claim, marks.size, ofCoupons(facts, units), pending.length);
};

const partition = <T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [readonly T[], readonly T[]] => [
  all.filter(isFirst),
  all.filter((one) => !isFirst(one)),
];

/** Events are published at least once, with the contents of the database; one is never older than its row. */
const everyVerdictIsPublished = (facts: CouponFacts): Check => {
  const { issued, refused, publishedIssued, publishedRefused, topicsSince } = facts;
  let older = 0;
  const lost = function* (rows: CouponFacts["issued"], published: Published, since: number): Generator<string> {
    for (const [id, verdict] of rows) {
      if (published.has(id)) continue;
      if (acceptedAt(verdict) < since) older += 1;
      else yield `${id} was ${verdict.kind}, and no event was published`;
    }
  };
  const without = function* (published: Published, rows: CouponFacts["issued"], what: string): Generator<string> {
    for (const id of published.keys()) if (!rows.has(id)) yield `${id} was published as ${what}, and is not`;
  };
  const otherReasons = function* (): Generator<string> {
    for (const [id, event] of publishedRefused) {
      const row = refused.get(id);
      if (row?.kind === "refused" && row.reason !== event.reason)
        yield `${id} was refused for ${row.reason}, and published as ${event.reason}`;
    }
  };
  const broken = function* (): Generator<string> {
    yield* lost(issued, publishedIssued, topicsSince.issued);
    yield* without(publishedIssued, issued, "issued");
    yield* lost(refused, publishedRefused, topicsSince.refused);
    yield* without(publishedRefused, refused, "refused");
    yield* otherReasons();
  };
  const checked = check("every verdict was published as it is", issued.size + refused.size, broken());
  return withOlder(checked, older);
};

type Published = Pick<CouponFacts["publishedIssued"], "has" | "keys">;

/**
 * Published at least once, so sometimes twice. Where an outcome was the reason, the refusal was durable before the unit was
 * given back; where it was an error, its record is a dead letter, and the id may be that of another user's request.
 */
const givenBackIsRefused = ({ publishedCompensations, accepted, refused, topicsSince }: CouponFacts): Check => {
  let older = 0;
  const broken = publishedCompensations.flatMap(({ reservationId: id, reason }) => {
    const row = refused.get(id);
    // A unit is given back after its request was accepted; without a row that says when, all that is known is that
    // requests are gone.
    if (!accepted.has(id) && (row === undefined ? topicsSince.requests > 0 : acceptedAt(row) < topicsSince.requests)) {
      older += 1;
      return [];
    }
    if (!accepted.has(id)) return [`${id} had its unit given back, and there is no such request`];
    if (!isOutcome(reason)) return [];
    const verdict = refused.get(id);
    const found = verdict?.kind === "refused" ? verdict.reason : undefined;
    const fits = found !== undefined && (reasonOfOutcome[reason] ?? found) === found;
    return fits ? [] : [`${id} had its unit given back as ${reason}, and is ${found ?? "not refused"}`];
  });
  const claim = "a unit that was given back was that of a refused request";
  return withOlder(check(claim, publishedCompensations.length, broken), older);
};

/** The refusal after each outcome that gives a unit back; undefined where it may be any. */
const reasonOfOutcome = { exhausted: "SOLD_OUT", duplicate: "DUPLICATE", refusedBefore: undefined } as const;

const isOutcome = (reason: CouponCompensated["reason"]): reason is keyof typeof reasonOfOutcome =>
  Object.hasOwn(reasonOfOutcome, reason);
