/** The story of a reservation: every moment that is known, every contradiction, and what is open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { standingsOf } from "../../engine/dlq/letters/state.ts";
import { aLetter } from "../../engine/dlq/testing/samples.ts";
import type {
  CouponCompensated,
  CouponId,
  CouponIssued,
  CouponRefused,
  PolicyId,
  ReservationId,
  UserId,
} from "../../schemas/coupon.ts";
import type { LettersFound } from "./letters.ts";
import type { ReservationFacts } from "./reservation.ts";
import type { Found, Searched } from "./search.ts";
import { tellReservation } from "./tell-reservation.ts";

const own = { reservationId: "r" as ReservationId, couponId: "c" as CouponId, userId: "u" as UserId };
const policyId = "p" as PolicyId;
const found = <T>(value: T, at: number): Searched<T> => ({
  found: { value, partition: 2, offset: 41n, at } satisfies Found<T>,
  isWhole: true,
});
const nowhere = { isWhole: true } as const;
const lost = { isWhole: false } as const;
const letters = (over: Partial<LettersFound> = {}): LettersFound => ({
  ...{ topology: "coupon-issuing", standings: [], isWhole: true },
  ...over,
});
const issuedEvent: CouponIssued = { ...own, policyId, issuedAt: 1_000, expiresAt: 9_000 };
const refusedEvent: CouponRefused = { ...own, reason: "SOLD_OUT", refusedAt: 1_000 };
const compensation: CouponCompensated = {
  ...{ reservationId: own.reservationId, couponId: own.couponId },
  ...{ undo: "release-stock", reason: "exhausted", compensatedAt: 1_500 },
};

/** A request that was issued, and everything that follows from it. */
const issued: ReservationFacts = {
  ...{ reservationId: own.reservationId, now: 100_000, committed: 42n },
  request: found({ ...own, policyId: null, requestedAt: 900 }, 1_000),
  issuedRow: { ...own, policyId, isUsed: false, issuedAt: 1_000, expiresAt: 9_000 },
  refusedRow: undefined,
  issued: found(issuedEvent, 2_000),
  ...{ refused: nowhere, compensated: nowhere, letters: letters(), holder: own.reservationId },
  coupon: {
    ...{ couponId: own.couponId, stock: 5, remaining: 4, opensAt: null, closesAt: null, validForDays: 1 },
    ...{ policyId, name: "P" },
  },
  unit: { left: 4, marks: 0, isHeld: false },
};
const refused: ReservationFacts = {
  ...issued,
  ...{ issuedRow: undefined, issued: nowhere, holder: undefined },
  refusedRow: { ...own, reason: "SOLD_OUT", refusedAt: 1_000 },
  refused: found(refusedEvent, 2_000),
};

const waiting = letters({
  standings: standingsOf({
    ...{ letters: [aLetter(41)], retries: [], committed: [] },
    ...{ discards: new Set<string>(), finishedJobs: new Set<string>() },
  }),
});

test("tellReservation: tells every moment with where it was read when a request was issued", () => {
  const { moments, contradictions, pending, unknown } = tellReservation(issued);
  assert.deepEqual(
    moments.map(({ at, what, from }) => [at, what, from]),
    [
      [1_000, "accepted", "coupon-issue/2/41"],
      [undefined, "step", "its verdict"],
      [undefined, "step", "its verdict"],
      [undefined, "row", "table user_coupon"],
      [undefined, "unit", "Redis, table coupon"],
      [2_000, "published", "coupon-issued/2/41"],
    ],
  );
  assert.deepEqual([contradictions, pending, unknown], [[], [], []]);
});

test("tellReservation: tells what a step undid when a unit went back", () => {
  const { moments, contradictions } = tellReservation({ ...refused, compensated: found(compensation, 1_900) });
  assert.deepEqual(
    moments.filter(({ what }) => what === "step" || what === "given back").map(({ text }) => text),
    [
      "reserve-stock: reserved",
      "write-through: exhausted",
      "undo release-stock",
      "by release-stock, because of exhausted",
    ],
  );
  assert.deepEqual(contradictions, []);
});

const contradictions: readonly (readonly [string, ReservationFacts, readonly string[]])[] = [
  [
    "both are stored",
    { ...issued, refusedRow: refused.refusedRow, refused: found(refusedEvent, 2_000) },
    ["it is issued, and it is refused"],
  ],
  [
    "the workers passed it",
    { ...issued, issuedRow: undefined, issued: nowhere, holder: undefined },
    ["the workers have passed it, and there is no verdict and no dead letter"],
  ],
  [
    "nobody asked",
    { ...issued, request: nowhere, committed: undefined },
    ["it has a verdict, and nobody asked: no record was accepted when its row says"],
  ],
  ["it was not published", { ...issued, issued: nowhere }, ["it is issued, and that was not published"]],
  ["a refusal was not published", { ...refused, refused: nowhere }, ["it is refused, and that was not published"]],
  [
    "another verdict was published",
    { ...refused, refused: nowhere, issued: found(issuedEvent, 2_000) },
    ["it is refused, and that was not published", "it was published as issued, and is not"],
  ],
  [
    "another reason was published",
    { ...refused, refused: found({ ...refusedEvent, reason: "CLOSED" }, 2_000) },
    ["it was published as CLOSED, and is SOLD_OUT"],
  ],
  [
    "the row is another user's",
    {
      ...issued,
      issuedRow: { ...own, policyId, isUsed: false, issuedAt: 1_000, expiresAt: 9_000, userId: "x" as UserId },
    },
    ["u asked, and the verdict is x's"],
  ],
  [
    "its user has no coupon",
    {
      ...refused,
      refusedRow: { ...own, reason: "DUPLICATE", refusedAt: 1_000 },
      refused: found({ ...refusedEvent, reason: "DUPLICATE" }, 2_000),
    },
    ["it was refused because its user has the coupon, and its user has none"],
  ],
  [
    "its unit went back",
    { ...issued, compensated: found(compensation, 1_900) },
    ["its unit went back, and it is issued"],
  ],
  [
    "its unit is held long after",
    { ...issued, unit: { left: 4, marks: 1, isHeld: true } },
    ["it is decided, and its unit is still in flight in Redis: sluice reconcile --dry-run"],
  ],
  [
    "its coupon's key holds something else",
    { ...issued, unit: { left: Number.NaN, marks: 0, isHeld: false } },
    ["its coupon's key in Redis holds no counter: sluice reconcile --dry-run"],
  ],
];

for (const [situation, facts, expected] of contradictions)
  test(`tellReservation: names the contradiction when ${situation}`, () => {
    assert.deepEqual(tellReservation(facts).contradictions, expected);
  });

const nothingYet = { issuedRow: undefined, issued: nowhere, holder: undefined };

test("tellReservation: says how many are before it when it is not decided", () => {
  const told = tellReservation({ ...issued, ...nothingYet, committed: 30n });
  assert.deepEqual(
    [told.contradictions, told.pending],
    [[], ["it is not decided yet: 11 record(s) of its partition are before it"]],
  );
});

test("tellReservation: finds nothing wrong when a dead letter waits for somebody", () => {
  const told = tellReservation({ ...issued, ...nothingYet, letters: waiting });
  assert.deepEqual(told.contradictions, []);
  assert.deepEqual(told.pending, ["a dead letter of coupon-issuing waits for somebody: sluice dlq show in/1/41"]);
  assert.ok(told.moments.some(({ what, text }) => what === "dead letter" && text.includes("WRONG (poison): open")));
});

test("tellReservation: says that it does not know when a topic is too long, or has lost its beginning", () => {
  const told = tellReservation({ ...issued, request: lost, committed: undefined, issued: lost, letters: undefined });
  assert.deepEqual(told.contradictions, []);
  assert.equal(told.unknown.length, 2);
  const searched = tellReservation({ ...issued, ...nothingYet, letters: letters({ isWhole: false }) });
  assert.deepEqual([searched.contradictions, searched.unknown.length], [[], 1]);
});
