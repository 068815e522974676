/** The story of one request for a coupon, and what in it cannot be. Pure. */
import { recordRefusal } from "../../processors/coupons/record-refusal.ts";
import { releaseStock, reserveStock } from "../../processors/coupons/reserve-stock.ts";
import { writeThrough } from "../../processors/coupons/write-through.ts";
import { couponIssueRequests, couponsCompensated, couponsIssued, couponsRefused } from "../../schemas/coupon.ts";
import { count } from "../../engine/app/cli.ts";
import { isSetAside, letterMoments, pendingLetters } from "./letters.ts";
import type { ReservationFacts } from "./reservation.ts";
import type { Found } from "./search.ts";
import { inOrder, type Moment, type Story } from "./story.ts";

/** How long after its verdict a unit may still be marked in Redis, ms: marks go when the offset is committed. */
const markSlackMs = 60_000;

/** Tells it. */
export const tellReservation = (facts: ReservationFacts): Story => ({
  subject: { kind: "reservation", id: facts.reservationId },
  moments: inOrder([
    ...accepted(facts),
    ...steps(facts),
    ...rows(facts),
    ...unit(facts),
    ...events(facts),
    ...(facts.letters === undefined ? [] : letterMoments(facts.letters)),
  ]),
  contradictions: contradictionsOf(facts),
  pending: pendingOf(facts),
  unknown: unknownOf(facts),
});

const at = (topic: { readonly name: string }, { partition, offset }: Pick<Found<unknown>, "partition" | "offset">) =>
  `${topic.name}/${partition}/${offset}`;

const accepted = ({ request: { found } }: ReservationFacts): readonly Moment[] => {
  if (found === undefined) return [];
  const { couponId, userId } = found.value;
  const text = `${userId} asks for ${couponId}, number ${count(Number(found.offset) + 1)} of its partition`;
  return [{ at: found.at, what: "accepted", text, from: at(couponIssueRequests, found) }];
};

/** What each step decided. Nobody writes it down: it follows from the verdict, and from whether a unit went back. */
const steps = (facts: ReservationFacts): readonly Moment[] => {
  const step = (text: string): Moment => ({ what: "step", text, from: "its verdict" });
  const { issuedRow, refusedRow, compensated } = facts;
  if (issuedRow !== undefined) return [step(`${reserveStock.name}: reserved`), step(`${writeThrough.name}: issued`)];
  if (refusedRow === undefined) return [];
  if (compensated.found !== undefined) {
    const { reason } = compensated.found.value;
    return [
      step(`${reserveStock.name}: reserved`),
      step(`${writeThrough.name}: ${reason}`),
      step(`undo ${releaseStock.name}`),
    ];
  }
  return [step(`${reserveStock.name}: refused, ${refusedRow.reason}`), step(`${recordRefusal.name}: refused`)];
};

const rows = ({ issuedRow, refusedRow }: ReservationFacts): readonly Moment[] => [
  ...(issuedRow === undefined
    ? []
    : [
        {
          what: "row",
          text: `issued to ${issuedRow.userId}, expires ${isoOf(issuedRow.expiresAt)}${issuedRow.isUsed ? ", used by an order" : ""}`,
          from: "table user_coupon",
        },
      ]),
  ...(refusedRow === undefined
    ? []
    : [{ what: "row", text: `refused to ${refusedRow.userId}: ${refusedRow.reason}`, from: "table refusal" }]),
];

const unit = ({ unit: one, coupon }: ReservationFacts): readonly Moment[] => {
  if (one === undefined) return [];
  const left = coupon === undefined ? "" : `; ${count(coupon.remaining)} of ${count(coupon.stock)} are left`;
  return [{ what: "unit", text: `${one.isHeld ? "held, in flight" : "not held"}${left}`, from: "Redis, table coupon" }];
};

const events = ({ issued, refused, compensated }: ReservationFacts): readonly Moment[] => [
  ...(compensated.found === undefined
    ? []
    : [
        {
          at: compensated.found.at,
          what: "given back",
          text: `by ${compensated.found.value.undo}, because of ${compensated.found.value.reason}`,
          from: at(couponsCompensated, compensated.found),
        },
      ]),
  ...(issued.found === undefined
    ? []
    : [{ at: issued.found.at, what: "published", text: "as issued", from: at(couponsIssued, issued.found) }]),
  ...(refused.found === undefined
    ? []
    : [
        {
          at: refused.found.at,
          what: "published",
          text: `as refused: ${refused.found.value.reason}`,
          from: at(couponsRefused, refused.found),
        },
      ]),
];

/** Whether the workers have passed the request. */
const isPassed = ({ request: { found }, committed }: ReservationFacts): boolean =>
  found !== undefined && committed !== undefined && committed > found.offset;

const contradictionsOf = (facts: ReservationFacts): readonly string[] => {
  const { request, issuedRow, refusedRow, letters } = facts;
  const hasRow = issuedRow !== undefined || refusedRow !== undefined;
  return [
    ...(issuedRow !== undefined && refusedRow !== undefined ? ["it is issued, and it is refused"] : []),
    ...(isPassed(facts) && !hasRow && letters?.isWhole === true && !isSetAside(letters)
      ? ["the workers have passed it, and there is no verdict and no dead letter"]
      : []),
    ...(hasRow && request.found === undefined && request.isWhole
      ? ["it has a verdict, and nobody asked: no record was accepted when its row says"]
      : []),
    ...aboutContents(facts),
    ...aboutEvents(facts),
    ...aboutUnit(facts),
  ];
};

const aboutContents = ({ request: { found }, issuedRow, refusedRow, holder, reservationId }: ReservationFacts) => {
  const row = issuedRow ?? refusedRow;
  return [
    ...(found !== undefined && row !== undefined && found.value.userId !== row.userId
      ? [`${found.value.userId} asked, and the verdict is ${row.userId}'s`]
      : []),
    ...(found !== undefined && row !== undefined && found.value.couponId !== row.couponId
      ? [`it asked for ${found.value.couponId}, and the verdict is about ${row.couponId}`]
      : []),
    ...(refusedRow?.reason === "DUPLICATE" && holder === undefined
      ? ["it was refused because its user has the coupon, and its user has none"]
      : []),
    ...(issuedRow !== undefined && holder !== undefined && holder !== reservationId
      ? [`its user has the coupon by ${holder}`]
      : []),
  ];
};

const aboutEvents = (facts: ReservationFacts): readonly string[] => {
  const { issuedRow, refusedRow, issued, refused, compensated } = facts;
  const settled = isPassed(facts);
  const differs =
    refusedRow !== undefined && refused.found !== undefined && refused.found.value.reason !== refusedRow.reason;
  return [
    ...(settled && issuedRow !== undefined && issued.found === undefined && issued.isWhole
      ? ["it is issued, and that was not published"]
      : []),
    ...(settled && refusedRow !== undefined && refused.found === undefined && refused.isWhole
      ? ["it is refused, and that was not published"]
      : []),
    ...(issued.found !== undefined && issuedRow === undefined ? ["it was published as issued, and is not"] : []),
    ...(refused.found !== undefined && refusedRow === undefined ? ["it was published as refused, and is not"] : []),
    ...(differs ? [`it was published as ${refused.found?.value.reason}, and is ${refusedRow?.reason}`] : []),
    ...(compensated.found !== undefined && issuedRow !== undefined ? ["its unit went back, and it is issued"] : []),
  ];
};

const aboutUnit = (facts: ReservationFacts): readonly string[] => {
  const { unit: one, issued, refused, now } = facts;
  const toldAt = issued.found?.at ?? refused.found?.at;
  if (Number.isNaN(one?.left ?? 0)) return ["its coupon's key in Redis holds no counter: sluice reconcile --dry-run"];
  if (one?.isHeld !== true || !isPassed(facts) || toldAt === undefined || now - toldAt < markSlackMs) return [];
  return ["it is decided, and its unit is still in flight in Redis: sluice reconcile --dry-run"];
};

const pendingOf = (facts: ReservationFacts): readonly string[] => {
  const { request, committed, letters } = facts;
  const waiting = letters === undefined ? [] : pendingLetters(letters);
  if (request.found === undefined || isPassed(facts)) return waiting;
  if (facts.issuedRow !== undefined || facts.refusedRow !== undefined) return waiting;
  const ahead = request.found.offset - (committed ?? 0n);
  return [`it is not decided yet: ${count(Number(ahead))} record(s) of its partition are before it`, ...waiting];
};

const unknownOf = ({ request, issuedRow, refusedRow, issued, refused, letters }: ReservationFacts) => {
  const bound = "more was written since than is looked at";
  return [
    ...(request.found === undefined && !request.isWhole
      ? [`when it was accepted: ${couponIssueRequests.name} has lost it, or ${bound}`]
      : []),
    ...(issuedRow !== undefined && issued.found === undefined && !issued.isWhole
      ? [`whether it was published as issued: ${bound}`]
      : []),
    ...(refusedRow !== undefined && refused.found === undefined && !refused.isWhole
      ? [`whether it was published as refused: ${bound}`]
      : []),
    ...(letters !== undefined && !letters.isWhole ? [`all of its dead letters: ${bound}`] : []),
  ];
};

const isoOf = (ms: number): string => new Date(ms).toISOString();
