/**
 * What must be true of a world that has come to rest, by itself and from scratch: the log, the database and the gate are
 * compared with each other and with a naive loop. Which claims are promised depends on what struck, see `promises`.
 */
import type { OwnedVerdict } from "../../../processors/coupons/coupon-ports.ts";
import type { Coupon, CouponId, RefusalReason, ReservationId } from "../../../schemas/coupon.ts";
import type { MemoryCouponStock } from "../../../processors/memory/memory-coupon-stock.ts";
import type { MemoryDatabase } from "../../../processors/memory/memory-database.ts";
import type { Scenario } from "./scenario.ts";
import { shortName } from "./stores.ts";
import type { Broken as BrokenClaim, Promises } from "../story.ts";
import type { Profile } from "../environment/weather.ts";
import { type Asked, placeOf, type Published, type Witness } from "./witness.ts";

type Broken = BrokenClaim<ClaimName>;

/** Where owners overlap, an old round may continue beside what its process was assigned since. */
const oneOwner: readonly Profile[] = ["orderly", "flushed"];
/** Only a gate that has forgotten an epoch lets the late call of an old owner through. */
const notBoth: readonly Profile[] = ["orderly", "flushed", "overlapping"];

/** Every claim, and the worlds it is promised in. */
export const promises = {
  "every record has a verdict or a dead letter": "always",
  "issued units are taken from the stock, and no more than there are": "always",
  "no user has a coupon twice": "always",
  "what is published is what is stored, and all that is stored is published": "always",
  "a verdict is durable before it is published": "always",
  "a verdict never changes": "always",
  "terms are judged by the broker's time": "always",
  "only what is wrong or in doubt is dead-lettered": "always",
  // Where its record was fetched again, the second round may find the unit gone, and has nothing to give back.
  "a unit given back is published when its record is fetched once": "always",
  "a commit passes nothing unfinished": "always",
  "commits never go back": "always",
  "no worker ends by itself": "always",
  "everything comes to rest": "always",
  "no transaction of a stale epoch takes effect": "always",
  "no effect at the gate of an epoch lower than the coupon has seen": "always",
  "nothing takes effect under an epoch that was never granted": "always",
  "a lease is taken again only by whom the group knows": "always",
  "owners' effects on a coupon do not interleave": notBoth,
  // A repair that was given up on may arrive late.
  "a repair says what the database says": oneOwner,
  "what is settled is what the database says": oneOwner,
  "nothing is tried again while partitions are drained": oneOwner,
  "a drained process has nothing in flight": oneOwner,
  "a coupon is decided in one place at a time": oneOwner,
  // Where the gate does not know, the database says: what it forgot, or was told twice, changes no verdict.
  "verdicts are those of a naive loop": "always",
  // Within a bounded time after the storm where upkeep looks after it; and in orderly worlds without upkeep.
  "the counter equals the database": "always",
  // A round settles what it has decided; upkeep drops what other calls left behind.
  "no unit is in flight": "always",
  "a unit given back is published when its record is fetched again": "not yet",
  // The later copy may hold a unit, or win, until the database remembers that the earlier one was refused.
  "copies before and after a coupon's opening or closing disturb no other request": "not yet",
} as const satisfies Promises;
/** One of {@link promises}. */
export type ClaimName = keyof typeof promises;

/** A world at rest. */
export interface Rest {
  readonly scenario: Scenario;
  readonly witness: Witness;
  readonly database: MemoryDatabase;
  readonly gate: MemoryCouponStock;
  /** Reservations whose unit a compensation gave back. */
  readonly released: ReadonlySet<ReservationId>;
  /** Refused reservations whose unit went back because their coupon was settled. */
  readonly settled: ReadonlySet<ReservationId>;
  /** Reservations that were issued already when their unit was taken last: that unit is held a second time. */
  readonly takenAgain: ReadonlySet<ReservationId>;
  /** How often each record was fetched, by its place. */
  readonly fetches: ReadonlyMap<string, number>;
}

/** Everything that is not as claimed, promised or not. */
export const checkAtRest = (rest: Rest): readonly Broken[] => [
  ...everyRecordIsSettled(rest),
  ...stockIsKept(rest),
  ...noUserTwice(rest),
  ...toldIsWhatStands(rest),
  ...termsHold(rest),
  ...deadLettersAreEarned(rest),
  ...asANaiveLoop(rest),
  ...countersAgree(rest),
  ...releasesAreTold(rest),
];

const everyRecordIsSettled = ({ witness, database }: Rest): readonly Broken[] =>
  witness.asked.flatMap((one) => {
    const claim = "every record has a verdict or a dead letter";
    if (witness.dead.has(placeOf(one)) || isSettled(one, witness, database.verdicts)) return [];
    return [{ claim, what: `${describe(one)} has neither`, about: couponsOf(one) }];
  });

/** True where the record's verdict is stored and was published. */
export const isSettled = (
  { request }: Asked,
  { published }: Witness,
  verdicts: ReadonlyMap<ReservationId, OwnedVerdict>,
): boolean => {
  if (request === undefined) return false;
  const verdict = verdicts.get(request.reservationId);
  const isIts = verdict?.couponId === request.couponId && verdict.userId === request.userId;
  return isIts && (published.get(request.reservationId) ?? []).length > 0;
};

const describe = ({ partition, offset, request }: Asked): string =>
  `record ${partition}/${offset} (${request === undefined ? "no request" : `${shortName(request.reservationId)} of ${request.userId} for ${request.couponId}`})`;

const couponsOf = ({ request }: Asked): readonly string[] => (request === undefined ? [] : [request.couponId]);

const issuedOf = ({ verdicts }: MemoryDatabase, couponId: CouponId): readonly OwnedVerdict[] =>
  [...verdicts.values()].filter((verdict) => verdict.kind === "issued" && verdict.couponId === couponId);

const stockIsKept = ({ database }: Rest): readonly Broken[] =>
  [...database.coupons.values()].flatMap(({ couponId, stock }) => {
    const claim = "issued units are taken from the stock, and no more than there are";
    const issued = issuedOf(database, couponId).length;
    const remaining = database.remaining.get(couponId) ?? Number.NaN;
    if (remaining >= 0 && issued + remaining === stock) return [];
    return [{ claim, what: `${couponId}: ${issued} issued and ${remaining} left of ${stock}`, about: [couponId] }];
  });

const noUserTwice = ({ database }: Rest): readonly Broken[] =>
  [...database.coupons.keys()].flatMap((couponId) => {
    const users = issuedOf(database, couponId).map(({ userId }) => userId);
    const twice = users.filter((userId, at) => users.indexOf(userId) !== at);
    return twice.map((userId) => ({
      claim: "no user has a coupon twice" as const,
      what: `${userId} has ${couponId} twice`,
      about: [couponId],
    }));
  });

/** What is wrong with something published; undefined where it is the stored verdict. */
export const lieOf = ({ kind, event }: Published, verdict: OwnedVerdict | undefined): string | undefined => {
  const name = `${shortName(event.reservationId)} was published as ${kind}`;
  if (verdict === undefined) return `${name}, and nothing is stored`;
  if (kind !== verdict.kind) return `${name}, and stored as ${verdict.kind}`;
  if (event.couponId !== verdict.couponId || event.userId !== verdict.userId)
    return `${name} for another user or coupon`;
  if (kind === "issued" && verdict.kind === "issued" && event.issuedAt !== verdict.issuedAt)
    return `${name} at another time than stored`;
  if (kind === "refused" && verdict.kind === "refused" && event.reason !== verdict.reason)
    return `${name} for ${event.reason}, and stored as refused for ${verdict.reason}`;
  return undefined;
};

const toldIsWhatStands = ({ witness, database: { verdicts } }: Rest): readonly Broken[] => {
  const claim = "what is published is what is stored, and all that is stored is published";
  const inDoubt = inDoubtOf(witness);
  const lies = [...witness.published].flatMap(([id, all]) =>
    all.flatMap((one) => {
      const what = lieOf(one, verdicts.get(id));
      return what === undefined ? [] : [{ claim, what, about: [one.event.couponId] } as const];
    }),
  );
  // Of a dead letter in doubt it is not known whether its verdict is stored: an operator decides.
  const silent = [...verdicts].filter(([id]) => !witness.published.has(id) && !inDoubt.has(id));
  return [
    ...lies,
    ...silent.map(([id, { couponId, kind }]) => ({
      claim: claim as ClaimName,
      what: `${shortName(id)} is stored as ${kind}, and not published`,
      about: [couponId],
    })),
  ];
};

/** Reservations that were dead-lettered in doubt. */
const inDoubtOf = (witness: Witness): ReadonlySet<ReservationId> =>
  new Set(
    [...witness.dead.values()].flatMap(({ inDoubt, partition, offset }) => {
      const request = witness.at(partition, offset)?.request;
      return inDoubt && request !== undefined ? [request.reservationId] : [];
    }),
  );

/** What nothing but a coupon's terms says of a record; undefined where stock decides. */
const refusalByTerms = (coupon: Coupon | undefined, { request, timestampMs }: Request): RefusalReason | undefined => {
  if (coupon === undefined) return "UNKNOWN_COUPON";
  if (coupon.opensAt !== null && timestampMs < coupon.opensAt) return "NOT_OPEN";
  if (coupon.closesAt !== null && timestampMs >= coupon.closesAt) return "CLOSED";
  return request.policyId !== null && request.policyId !== coupon.policyId ? "OTHER_POLICY" : undefined;
};

type Request = Asked & { readonly request: NonNullable<Asked["request"]> };
const isRequest = (one: Asked): one is Request => one.request !== undefined;

/** Of copies the first that is decided counts, so those are left to the naive loop. */
const termsHold = ({ witness, database }: Rest): readonly Broken[] => {
  const byId = Map.groupBy(witness.asked.filter(isRequest), ({ request }) => request.reservationId);
  return [...byId].flatMap(([id, [only, ...copies]]) => {
    const verdict = database.verdicts.get(id);
    if (only === undefined || copies.length > 0 || verdict === undefined) return [];
    const expected = refusalByTerms(database.coupons.get(only.request.couponId), only);
    const reason = verdict.kind === "refused" ? verdict.reason : undefined;
    const fits = expected === undefined ? reason === undefined || byStock.has(reason) : reason === expected;
    if (fits) return [];
    const what = `${describe(only)} is stored as ${reason ?? verdict.kind}, its terms say ${expected ?? "it may have one"}`;
    return [{ claim: "terms are judged by the broker's time" as const, what, about: couponsOf(only) }];
  });
};

const byStock: ReadonlySet<RefusalReason> = new Set(["SOLD_OUT", "DUPLICATE"]);

const deadLettersAreEarned = ({ scenario, witness }: Rest): readonly Broken[] =>
  [...witness.dead.values()].flatMap((dead) => {
    const claim = "only what is wrong or in doubt is dead-lettered";
    const asked = witness.at(dead.partition, dead.offset);
    if (asked === undefined) return [{ claim, what: `a dead letter of nothing: ${placeOf(dead)}`, about: [] }];
    const earned =
      asked.request === undefined
        ? dead.code === (asked.isStrange ? "UNKNOWN_SCHEMA" : "MALFORMED")
        : (dead.code === "RESERVATION_REUSED" && scenario.reused > 0) ||
          (dead.code === "DEADLOCK" && dead.inDoubt && scenario.faults.deadlock > 0);
    return earned ? [] : [{ claim, what: `${describe(asked)} died of ${dead.code}`, about: couponsOf(asked) }];
  });

/**
 * First come, first served, and more: the verdicts are those of a loop that takes one record after the other by offset.
 * Left out are coupons with dead letters (what is in doubt holds a unit, what is wrong held one for a moment).
 */
const asANaiveLoop = ({ witness, database }: Rest): readonly Broken[] => {
  const dead = new Set(
    [...witness.dead.values()].flatMap((at) => witness.at(at.partition, at.offset)?.request?.couponId ?? []),
  );
  const byCoupon = Map.groupBy(witness.asked.filter(isRequest), ({ request }) => request.couponId);
  return [...byCoupon].flatMap(([couponId, asked]) => {
    if (dead.has(couponId)) return [];
    const coupon = database.coupons.get(couponId);
    const expected = naively(coupon, asked);
    const claim = orderOf(haveCopiesApart(coupon, asked));
    return [...expected].flatMap(([id, reason]) => {
      const verdict = database.verdicts.get(id);
      const got = verdict?.kind === "refused" ? verdict.reason : verdict?.kind;
      if (got === reason || verdict?.couponId !== couponId) return [];
      const what = `${shortName(id)} for ${couponId} is stored as ${got}, one by one it would be ${reason}`;
      return [{ claim, what, about: [couponId] }];
    });
  });
};

/** Which claim it breaks when the order is not that of a naive loop. */
const orderOf = (areCopiesApart: boolean): ClaimName =>
  areCopiesApart
    ? "copies before and after a coupon's opening or closing disturb no other request"
    : "verdicts are those of a naive loop";

/** True where the terms say one thing of a request and another of its copy. */
const haveCopiesApart = (coupon: Coupon | undefined, asked: readonly Request[]): boolean =>
  [...Map.groupBy(asked, ({ request }) => request.reservationId).values()].some(
    (copies) => new Set(copies.map((one) => refusalByTerms(coupon, one))).size > 1,
  );

const naively = (
  coupon: Coupon | undefined,
  asked: readonly Request[],
): ReadonlyMap<ReservationId, RefusalReason | "issued"> => {
  const verdicts = new Map<ReservationId, RefusalReason | "issued">();
  const holders = new Set<string>();
  for (const one of asked.toSorted((a, b) => Number(a.offset - b.offset))) {
    const { reservationId, userId } = one.request;
    if (verdicts.has(reservationId)) continue;
    const refusal =
      refusalByTerms(coupon, one) ??
      (holders.has(userId) ? "DUPLICATE" : holders.size >= (coupon?.stock ?? 0) ? "SOLD_OUT" : undefined);
    verdicts.set(reservationId, refusal ?? "issued");
    if (refusal === undefined) holders.add(userId);
  }
  return verdicts;
};

type Truth = Pick<Rest, "database" | "gate">;

/** True where every counter is what remains in the database, and nothing is in flight. */
export const countersEqual = ({ database, gate }: Truth): boolean =>
  [...gate.counters].every(
    ([couponId, { left, marks }]) => left === database.remaining.get(couponId) && marks.size === 0,
  );

/** Where nothing is looked after, a unit stays held for a dead letter in doubt until its coupon's next round is settled. */
const countersAgree = ({ scenario, witness, database, gate, takenAgain }: Rest): readonly Broken[] => {
  const inDoubt = inDoubtOf(witness);
  return [...gate.counters].flatMap(([couponId, { left, marks }]) => {
    const leaked = [...marks].filter((id) => scenario.upkeepMs !== undefined || !inDoubt.has(id));
    const remaining = database.remaining.get(couponId) ?? 0;
    // One in doubt may be issued, and its unit rightly gone; a copy of one that was issued before holds a second unit.
    const isOver = (id: ReservationId): boolean => database.verdicts.get(id)?.kind !== "issued" || takenAgain.has(id);
    const held = [...marks].filter((id) => !leaked.includes(id) && isOver(id)).length;
    const broken: Broken[] = [];
    if (left + held !== remaining) {
      const what = `${couponId}: counter ${left}, in doubt ${held}, database ${remaining}`;
      broken.push({ claim: "the counter equals the database", what, about: [couponId] });
    }
    if (leaked.length > 0) {
      const what = `${couponId}: ${leaked.map(shortName).join(" ")}`;
      broken.push({ claim: "no unit is in flight", what, about: [couponId] });
    }
    return broken;
  });
};

/**
 * What settling gives back of a record that was dead-lettered in doubt is told by its letter: its operator decides. What a
 * compensation gave back is published whatever became of its record.
 */
const releasesAreTold = ({ witness, released, settled, fetches }: Rest): readonly Broken[] => {
  const inDoubt = inDoubtOf(witness);
  const byId = Map.groupBy(witness.asked.filter(isRequest), ({ request }) => request.reservationId);
  const told = new Set([...released, ...[...settled].filter((id) => !inDoubt.has(id))]);
  return [...told].flatMap((id) => {
    if (witness.compensated.has(id)) return [];
    const records = byId.get(id) ?? [];
    const isAgain = records.some((one) => (fetches.get(placeOf(one)) ?? 0) > 1);
    return {
      claim: `a unit given back is published when its record is fetched ${isAgain ? "again" : "once"}` as const,
      what: `the unit of ${shortName(id)} went back, and nothing was published`,
      about: records.flatMap(couponsOf),
    };
  });
};
