/** Coupon issuing from request to verdict, in process: every outcome, every undo, redelivery, and its drawing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CouponBook } from "../processors/coupons/coupon-ports.ts";
import { Unavailable } from "../engine/errors.ts";
import {
  type Coupon,
  type CouponId,
  type CouponIssueRequested,
  couponIssueRequests,
  couponsCompensated,
  couponsIssued,
  couponsRefused,
  type PolicyId,
  type ReservationId,
  type UserId,
  type Won,
} from "../schemas/coupon.ts";
import { couponIssuing } from "./coupon-issuing.ts";
import { createDriver } from "../engine/testing/driver.ts";
import { memoryCouponStock } from "../processors/memory/memory-coupon-stock.ts";
import { memoryCouponBook, memoryCouponCatalog, memoryDatabase } from "../processors/memory/memory-database.ts";
import { staleDrawings } from "./write-snapshots.ts";

// Ids are made here, at the edge of the test.
const spring = "spring" as CouponId;
const autumn = "autumn" as CouponId;
const launch = "launch-2025" as PolicyId;
const openedAt = 1_000_000;
const dayMs = 86_400_000;

const coupon = (couponId: CouponId, stock: number, more: Partial<Coupon> = {}): Coupon => ({
  couponId,
  policyId: launch,
  stock,
  opensAt: openedAt,
  closesAt: openedAt + dayMs,
  validForDays: 30,
  policy: { name: "Launch", discount: { kind: "fixed", amount: 1_000 as Won }, minOrderAmount: 0 as Won },
  ...more,
});

/** Request `n` of user `n`, for the spring coupon, unless changed. */
const request = (n: number, more: Partial<CouponIssueRequested> = {}): CouponIssueRequested => ({
  reservationId: `01890000-0000-7000-8000-${String(n).padStart(12, "0")}` as ReservationId,
  couponId: spring,
  userId: `user-${n}` as UserId,
  policyId: null,
  requestedAt: openedAt - 5,
  ...more,
});
const by = (user: number): Partial<CouponIssueRequested> => ({ userId: `user-${user}` as UserId });

/** A shop with coupons, a gate without counters, and the topology at work in it; `book` may replace the real one. */
const open = (coupons: readonly Coupon[], bookOf: (book: CouponBook) => CouponBook = (book) => book) => {
  const database = memoryDatabase(...coupons);
  const stock = memoryCouponStock();
  const deps = { stock, catalog: memoryCouponCatalog(database), book: bookOf(memoryCouponBook(database)) };
  const driver = createDriver(couponIssuing, deps, { now: () => openedAt + 60_000 });
  const left = (couponId = spring) => [stock.counters.get(couponId)?.left, database.remaining.get(couponId)];
  const send = async (values: CouponIssueRequested | readonly CouponIssueRequested[], timestampMs = openedAt) =>
    (await driver.send(couponIssueRequests, values, { timestampMs })).map(({ trace }) => trace);
  return { database, stock, driver, left, send };
};

const refusedWith = (trace: string) => [trace, "record-refusal refused", "write coupon-refused"];

test("coupon-issuing: issues a coupon under its terms when there is a unit", async () => {
  const { driver, send, left } = open([coupon(spring, 2)]);
  const traces = await send(request(1), openedAt + 7);
  assert.deepEqual(traces, [["reserve-stock reserved", "write-through issued", "write coupon-issued"]]);
  assert.deepEqual(driver.read(couponsIssued), [
    {
      reservationId: request(1).reservationId,
      couponId: spring,
      userId: "user-1",
      policyId: launch,
      issuedAt: openedAt + 7,
      expiresAt: openedAt + 7 + 30 * dayMs,
    },
  ]);
  assert.deepEqual(left(), [1, 1]);
});

test("coupon-issuing: issues when the user was shown the policy that the coupon has", async () => {
  const { driver, send } = open([coupon(spring, 1)]);
  await send(request(1, { policyId: launch }));
  assert.equal(driver.read(couponsIssued).length, 1);
});

// ---- Refusals that hold nothing ----

test("coupon-issuing: refuses with SOLD_OUT, durably, when the gate has no unit left", async () => {
  const { driver, database, send, left } = open([coupon(spring, 1)]);
  await send(request(1));
  assert.deepEqual(await send(request(2), openedAt + 9), [refusedWith("reserve-stock soldOut")]);
  const { reservationId, userId } = request(2);
  const refusal = { reservationId, couponId: spring, userId, reason: "SOLD_OUT", refusedAt: openedAt + 9 };
  assert.deepEqual(driver.read(couponsRefused), [refusal]);
  assert.deepEqual(database.verdicts.get(reservationId)?.kind, "refused");
  assert.deepEqual(left(), [0, 0]);
});

test("coupon-issuing: judges opening hours by the acceptance of a replayed request, and dates what it issues by its replay", async () => {
  const { driver } = open([coupon(spring, 1)]);
  const when = { timestampMs: openedAt + dayMs + 9, acceptedAtMs: openedAt + dayMs - 1 };
  const [ended] = await driver.send(couponIssueRequests, request(1), when);
  assert.equal(ended?.trace.at(-1), "write coupon-issued");
  assert.equal(driver.read(couponsIssued)[0]?.issuedAt, when.timestampMs);
});

const refusals = [
  { outcome: "notOpen", reason: "NOT_OPEN", at: openedAt - 1, asked: request(1) },
  { outcome: "closed", reason: "CLOSED", at: openedAt + dayMs, asked: request(1) },
  { outcome: "unknownCoupon", reason: "UNKNOWN_COUPON", at: openedAt, asked: request(1, { couponId: autumn }) },
  { outcome: "otherPolicy", reason: "OTHER_POLICY", at: openedAt, asked: request(1, { policyId: "old" as PolicyId }) },
] as const;
for (const { outcome, reason, at, asked } of refusals) {
  test(`coupon-issuing: refuses with ${reason} and takes nothing when the request is ${outcome}`, async () => {
    const { driver, database, send, left } = open([coupon(spring, 1)]);
    assert.deepEqual(await send(asked, at), [refusedWith(`reserve-stock ${outcome}`)]);
    assert.deepEqual(
      driver.read(couponsRefused).map((refused) => refused.reason),
      [reason],
    );
    assert.equal(database.verdicts.get(asked.reservationId)?.kind, "refused");
    assert.deepEqual(left(), [undefined, 1]);
  });
}

test("coupon-issuing: opens at the first millisecond and closes at the last, by the broker's clock", async () => {
  const { send } = open([coupon(spring, 9)]);
  const outcome = async (n: number, at: number) => (await send(request(n), at))[0]?.[0];
  assert.equal(await outcome(1, openedAt), "reserve-stock reserved");
  assert.equal(await outcome(2, openedAt + dayMs - 1), "reserve-stock reserved");
  const always = open([coupon(spring, 9, { opensAt: null, closesAt: null })]);
  assert.deepEqual(await always.send([request(1)], 0), [
    ["reserve-stock reserved", "write-through issued", "write coupon-issued"],
  ]);
});

// ---- Refusals of the database: the gate was wrong, and the unit goes back ----

const givenUp = (outcome: string) => [
  "reserve-stock reserved",
  `write-through ${outcome}`,
  "undo release-stock",
  "write coupon-compensated",
  "write coupon-refused",
];

test("coupon-issuing: refuses with DUPLICATE when the user holds the coupon by another reservation", async () => {
  const { driver, send, left } = open([coupon(spring, 5)]);
  const traces = await send([request(1), request(2, by(1))]);
  assert.deepEqual(traces[1], givenUp("duplicate"));
  assert.deepEqual(
    driver.read(couponsRefused).map(({ reason }) => reason),
    ["DUPLICATE"],
  );
  assert.deepEqual(left(), [4, 4]);
});

test("coupon-issuing: gives the unit back and refuses with SOLD_OUT when the database has none left", async () => {
  const { driver, stock, send, left } = open([coupon(spring, 1)]);
  await send(request(1));
  stock.counters.set(spring, { left: 3, marks: new Set(), epoch: 0 });
  assert.deepEqual(await send(request(2), openedAt + 9), [givenUp("exhausted")]);
  const { reservationId, userId } = request(2);
  assert.deepEqual(driver.read(couponsCompensated), [
    { reservationId, couponId: spring, undo: "release-stock", reason: "exhausted", compensatedAt: openedAt + 60_000 },
  ]);
  assert.deepEqual(driver.read(couponsRefused), [
    { reservationId, couponId: spring, userId, reason: "SOLD_OUT", refusedAt: openedAt + 9 },
  ]);
  assert.deepEqual(left(), [0, 0]);
});

test("coupon-issuing: gives the unit back and refuses with DUPLICATE when the gate forgot who holds the coupon", async () => {
  const { driver, stock, send, left } = open([coupon(spring, 5)]);
  await send(request(1));
  stock.counters.clear();
  assert.deepEqual(await send(request(2, by(1))), [givenUp("duplicate")]);
  assert.deepEqual(
    driver.read(couponsCompensated).map(({ reason }) => reason),
    ["duplicate"],
  );
  assert.deepEqual(
    driver.read(couponsRefused).map(({ reason }) => reason),
    ["DUPLICATE"],
  );
  assert.deepEqual(left(), [4, 4]);
});

test("coupon-issuing: gives the unit back and repeats the refusal when an earlier delivery was refused", async () => {
  const { driver, stock, send, left } = open([coupon(spring, 1)]);
  await send([request(1), request(2)]);
  stock.counters.set(spring, { left: 1, marks: new Set(), epoch: 0 });
  assert.deepEqual(await send(request(2)), [givenUp("refusedBefore")]);
  assert.deepEqual(
    driver.read(couponsCompensated).map(({ reason }) => reason),
    ["exhausted", "refusedBefore"],
  );
  assert.deepEqual(
    driver.read(couponsRefused).map(({ reason }) => reason),
    ["SOLD_OUT", "SOLD_OUT"],
  );
  assert.deepEqual(left(), [0, 0]);
});

test("coupon-issuing: keeps its verdict when an earlier delivery was issued and the gate forgot it", async () => {
  const { driver, stock, send, left } = open([coupon(spring, 1)]);
  await send(request(1), openedAt);
  stock.counters.clear();
  assert.deepEqual(await send(request(1), openedAt), [
    ["reserve-stock soldOut", "record-refusal issuedBefore", "write coupon-issued"],
  ]);
  const [first, again] = driver.read(couponsIssued);
  assert.deepEqual(again, first);
  assert.deepEqual(driver.read(couponsRefused), []);
  assert.deepEqual(left(), [0, 0]);
});

// ---- Errors ----

test("coupon-issuing: gives the unit back when the database finds the request itself wrong, and decides the others", async () => {
  const { driver, send, left } = open([coupon(spring, 5), coupon(autumn, 5)]);
  await send(request(1));
  // The same reservation, but for another coupon: no client's request.
  const traces = await send([request(1, { couponId: autumn }), request(2, { couponId: autumn })]);
  assert.deepEqual(traces, [
    ["reserve-stock reserved", "undo release-stock", "write coupon-compensated", "write-through failed"],
    ["reserve-stock reserved", "write-through issued", "write coupon-issued"],
  ]);
  assert.deepEqual(
    driver.read(couponsCompensated).map(({ reason }) => reason),
    ["RESERVATION_REUSED"],
  );
  assert.deepEqual(left(autumn), [4, 4]);
});

test("coupon-issuing: leaves the unit held, and says so, when it is not known what the database did", async () => {
  const away = new Unavailable("database", "gone");
  const { driver, left } = open([coupon(spring, 5)], (book) => ({ ...book, issue: () => Promise.reject(away) }));
  const [ended] = await driver.send(couponIssueRequests, request(1), { timestampMs: openedAt });
  assert.deepEqual(ended, {
    kind: "failed",
    call: "write-through",
    error: away,
    held: ["reserve-stock"],
    offset: 0n,
    trace: ["reserve-stock reserved", "write-through failed"],
  });
  assert.deepEqual(left(), [4, 5]);
});

// ---- Rounds ----

test("coupon-issuing: issues exactly the first 500 when 1,000 ask for 500 units in one round", async () => {
  const { driver, send, left } = open([coupon(spring, 500)]);
  await send(Array.from({ length: 1_000 }, (_, n) => request(n)));
  const ids = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => request(from + n).reservationId);
  assert.deepEqual(
    driver.read(couponsIssued).map(({ reservationId }) => reservationId),
    ids(0, 500),
  );
  assert.deepEqual(
    driver.read(couponsRefused).map(({ reservationId }) => reservationId),
    ids(500, 1_000),
  );
  assert.deepEqual(left(), [0, 0]);
});

test("coupon-issuing: sets a missing counter to what the database says is left, not to what there was", async () => {
  const { database, send, left } = open([coupon(spring, 10)]);
  database.remaining.set(spring, 2);
  const traces = await send([request(1), request(2), request(3)]);
  assert.deepEqual(
    traces.map(([first]) => first),
    // The round that sells a coupon out is left to the database: of those it holds a unit for, some may have one already.
    ["reserve-stock reserved", "reserve-stock reserved", "reserve-stock reserved"],
  );
  assert.deepEqual(left(), [0, 0]);
});

test("coupon-issuing: keeps two coupons of one round apart", async () => {
  const { driver, send, left } = open([coupon(spring, 1), coupon(autumn, 2)]);
  await send([request(1), request(2, { couponId: autumn }), request(3), request(4, { couponId: autumn })]);
  assert.deepEqual(
    driver.read(couponsIssued).map(({ couponId, userId }) => [couponId, userId]),
    [
      [spring, "user-1"],
      [autumn, "user-2"],
      [autumn, "user-4"],
    ],
  );
  assert.deepEqual(
    driver.read(couponsRefused).map(({ couponId, userId }) => [couponId, userId]),
    [[spring, "user-3"]],
  );
  assert.deepEqual(
    [left(spring), left(autumn)],
    [
      [0, 0],
      [0, 0],
    ],
  );
});

test("coupon-issuing: lets one user have two different coupons", async () => {
  const { driver, send } = open([coupon(spring, 1), coupon(autumn, 1)]);
  await send([request(1), request(2, { couponId: autumn, ...by(1) })]);
  assert.equal(driver.read(couponsIssued).length, 2);
});

// ---- Redelivery ----

const mixed = [
  request(1),
  request(2, by(1)),
  request(3, { couponId: "nowhere" as CouponId }),
  request(4, { policyId: "old" as PolicyId }),
  request(5),
  request(6),
];
/** What a redelivery may find: everything as it was, a flushed gate, and a gate restored from a copy that knew too little. */
const gates = {
  "nothing happened in between": () => {},
  "the gate was flushed in between": (stock: ReturnType<typeof memoryCouponStock>) => stock.counters.clear(),
  "the gate was restored with too many units": (stock: ReturnType<typeof memoryCouponStock>) =>
    stock.counters.set(spring, { left: 6, marks: new Set(), epoch: 0 }),
};
for (const [situation, between] of Object.entries(gates)) {
  test(`coupon-issuing: says the same about every request when it is delivered again and ${situation}`, async () => {
    const { driver, database, stock, left } = open([coupon(spring, 2)]);
    await driver.send(couponIssueRequests, mixed, { timestampMs: openedAt });
    const verdicts = structuredClone(database.verdicts);
    between(stock);
    await driver.send(couponIssueRequests, mixed, { offset: 0n });

    assertTwice(driver.read(couponsIssued));
    assertTwice(driver.read(couponsRefused));
    assert.equal(driver.read(couponsIssued).length + driver.read(couponsRefused).length, 2 * mixed.length);
    assert.deepEqual(database.verdicts, verdicts);
    assert.equal(left()[1], 0);
  });
}

/** The second half says what the first half says, in whatever order its parts ended. */
function assertTwice(records: readonly { readonly reservationId: ReservationId }[]): void {
  const half = records.length / 2;
  const byId = (part: typeof records) => new Map(part.map((one) => [one.reservationId, one]));
  assert.deepEqual(byId(records.slice(half)), byId(records.slice(0, half)));
}

// ---- Drawing ----

test("coupon-issuing: is drawn as it was reviewed (after a change that is meant: npx node topology/write-snapshots.ts)", async () => {
  assert.deepEqual(await staleDrawings(couponIssuing), []);
});
