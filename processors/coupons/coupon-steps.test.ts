/** What the steps of coupon issuing ask of their ports, and what they do about ports that break their contract. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  Coupon,
  CouponId,
  CouponIssueRequested,
  PolicyId,
  ReservationId,
  UserId,
  Won,
} from "../../schemas/coupon.ts";
import type { CouponBook, CouponCatalog, CouponStock, Take, TakeAnswer } from "./coupon-ports.ts";
import { Unavailable } from "../../engine/errors.ts";
import type { Item } from "../../engine/flow/processor.ts";
import { type Refusable, recordRefusal } from "./record-refusal.ts";
import { type OfRequest, type Reserved, releaseStock, reserveStock } from "./reserve-stock.ts";
import { writeThrough } from "./write-through.ts";
import { recordContext } from "../../engine/testing/record-context.ts";

// Ids are made here, at the edge of the test.
const coupon = (couponId: string): Coupon => ({
  couponId: couponId as CouponId,
  policyId: "p" as PolicyId,
  stock: 10,
  opensAt: null,
  closesAt: null,
  validForDays: 1,
  policy: { name: "p", discount: { kind: "percent", percent: 10, maxAmount: 1 as Won }, minOrderAmount: 0 as Won },
});
const request = (n: number, couponId = "a"): CouponIssueRequested => ({
  reservationId: `r-${n}` as ReservationId,
  couponId: couponId as CouponId,
  userId: `u-${n}` as UserId,
  policyId: null,
  requestedAt: 1,
});
const item = <T>(value: T, at = 0): Item<T> => ({
  value,
  context: recordContext({
    topic: "coupon-issue",
    offset: BigInt(at),
    timestampMs: 100 + at,
    idempotencyKey: `r-${at}`,
  }),
});
const never = (): Promise<never> => Promise.reject(new Error("not to be called"));
const settling = (settle: CouponStock["settle"] = async () => undefined): CouponStock => ({
  ...{ reserve: never, release: never, initialise: never, settle },
});

/** Ports that write down what they are asked; the gate answers what the test says, call by call. */
const world = (coupons: readonly string[], gate: readonly (readonly TakeAnswer[])[]) => {
  const calls: unknown[] = [];
  const answers = gate.values();
  const stock: CouponStock = {
    reserve: async (takes) => {
      calls.push(["reserve", takes.map(({ reservationId }) => reservationId)]);
      return answers.next().value ?? [];
    },
    release: never,
    settle: never,
    initialise: async (counters) => {
      calls.push(["initialise", Object.fromEntries(counters)]);
    },
  };
  const catalog: CouponCatalog = {
    find: async (couponIds) => {
      calls.push(["find", couponIds]);
      return new Map(coupons.map((couponId) => [couponId as CouponId, coupon(couponId)]));
    },
    remaining: async (couponIds) => {
      calls.push(["remaining", couponIds]);
      return new Map(couponIds.map((couponId) => [couponId, 7]));
    },
  };
  const run = async (...requests: readonly CouponIssueRequested[]) =>
    (
      await reserveStock.runMany?.(
        requests.map((asked, at) => item({ request: asked }, at)),
        { stock, catalog },
      )
    )?.map(({ kind }) => kind);
  return { calls, run };
};

test("reserve-stock: asks for each coupon once and for all units of a round at once", async () => {
  const { calls, run } = world(["a", "b"], [["taken", "none", "unsure"]]);
  assert.deepEqual(await run(request(1), request(2, "b"), request(3)), ["reserved", "soldOut", "reserved"]);
  assert.deepEqual(calls, [
    ["find", ["a", "b"]],
    ["reserve", ["r-1", "r-2", "r-3"]],
  ]);
});

test("reserve-stock: asks the gate only for those whom the terms admit, and matches its answers to them", async () => {
  const { calls, run } = world(["a"], [["none", "taken"]]);
  const outcomes = await run(request(1, "nowhere"), request(2), request(3, "nowhere"), request(4));
  assert.deepEqual(outcomes, ["unknownCoupon", "soldOut", "unknownCoupon", "reserved"]);
  assert.deepEqual(calls.at(-1), ["reserve", ["r-2", "r-4"]]);
});

test("reserve-stock: does not call the gate when the terms admit no request", async () => {
  const { calls, run } = world([], []);
  assert.deepEqual(await run(request(1)), ["unknownCoupon"]);
  assert.deepEqual(calls, [["find", ["a"]]]);
});

test("reserve-stock: sets each missing counter once to what is left, and asks again for the whole round", async () => {
  const { calls, run } = world(
    ["a", "b"],
    [
      ["uninitialised", "taken", "uninitialised"],
      ["taken", "taken", "none"],
    ],
  );
  assert.deepEqual(await run(request(1), request(2, "b"), request(3)), ["reserved", "reserved", "soldOut"]);
  assert.deepEqual(calls.slice(1), [
    ["reserve", ["r-1", "r-2", "r-3"]],
    ["remaining", ["a"]],
    ["initialise", { a: 7 }],
    ["reserve", ["r-1", "r-2", "r-3"]],
  ]);
});

test("reserve-stock: decides nothing, for later, when a counter is gone right after it was set", async () => {
  const { run } = world(["a"], [["uninitialised"], ["uninitialised"]]);
  await assert.rejects(run(request(1)), (error) => error instanceof Unavailable && error.who === "redis");
});

test("reserve-stock: decides nothing when the gate answers for too few", async () => {
  await assert.rejects(world(["a"], [["taken"]]).run(request(1), request(2)), Unavailable);
});

test("release-stock: gives back the units of those it is given, by reservation", async () => {
  const released: Take[] = [];
  const release = async (takes: readonly Take[]): Promise<void> => {
    released.push(...takes);
  };
  const reserved = (n: number): Reserved & OfRequest => ({
    kind: "reserved",
    request: request(n),
    coupon: coupon("a"),
  });
  await releaseStock.runMany?.([item(reserved(1)), item(reserved(2))], {
    stock: { release, reserve: never, initialise: never, settle: never },
  });
  assert.deepEqual(
    released.map(({ couponId, userId, reservationId }) => [couponId, userId, reservationId]),
    [
      ["a", "u-1", "r-1"],
      ["a", "u-2", "r-2"],
    ],
  );
});

test("write-through: writes what the terms say at the broker's time, so that a second attempt writes the same", async () => {
  const issues: unknown[] = [];
  const left = new Map([["a" as CouponId, 0]]);
  const settled: unknown[] = [];
  const stock = settling(async (remaining) => void settled.push(remaining));
  const book: CouponBook = {
    issue: async (asked) => {
      issues.push(...asked);
      return { answers: asked.map(() => ({ kind: "exhausted" })), remaining: left };
    },
    refuse: never,
  };
  await writeThrough.runMany?.([item({ kind: "reserved", request: request(1), coupon: coupon("a") }, 5)], {
    book,
    stock,
  });
  assert.deepEqual(settled, [left], "the gate is told what the transaction left");
  assert.deepEqual(issues, [
    {
      couponId: "a",
      userId: "u-1",
      reservationId: "r-1",
      policyId: "p",
      issuedAt: 105,
      expiresAt: 105 + 86_400_000,
    },
  ]);
});

test("write-through: answers the times that the book has, which an earlier attempt may have written", async () => {
  const answers = [{ kind: "issued", issuedAt: 3, expiresAt: 4 }] as const;
  const book: CouponBook = { issue: async () => ({ answers, remaining: new Map() }), refuse: never };
  const reserved: Reserved & OfRequest = { kind: "reserved", request: request(1), coupon: coupon("a") };
  const outcomes = await writeThrough.runMany?.([item(reserved, 5)], { book, stock: settling() });
  assert.deepEqual(outcomes, [{ kind: "issued", policyId: "p", issuedAt: 3, expiresAt: 4 }]);
});

test("write-through and record-refusal: give no outcome at all when the book answers for too few", async () => {
  const book: CouponBook = {
    issue: async () => ({ answers: [], remaining: new Map() }),
    refuse: async () => [],
  };
  const reserved: Reserved & OfRequest = { kind: "reserved", request: request(1), coupon: coupon("a") };
  await assert.rejects(async () => writeThrough.runMany?.([item(reserved)], { book, stock: settling() }), RangeError);
  await assert.rejects(
    async () =>
      recordRefusal.runMany?.([item<Refusable & OfRequest>({ kind: "soldOut", request: request(1) })], { book }),
    RangeError,
  );
});
