/**
 * What the DSL's types promise. Checked by tsc, never run: programs that must not compile, one mistake each, and claims
 * about what is inferred. Both kinds are needed: types that collapse to `never` refuse every wrong program, and the
 * right ones too.
 */
import type { CouponBook, CouponCatalog, CouponStock } from "../processors/coupons/coupon-ports.ts";
import { defineCompensation, defineProcessor, type Item, pivot } from "../engine/flow/processor.ts";
import { recordRefusal } from "../processors/coupons/record-refusal.ts";
import { writeThrough } from "../processors/coupons/write-through.ts";
import type { TypeOf } from "../engine/avro/avro.ts";
import {
  type CouponCompensated,
  type CouponId,
  type CouponIssued,
  type CouponIssueRequested,
  type CouponRefused,
  couponIssueRequests,
  couponsCompensated,
  couponsIssued,
  couponsRefused,
  type PolicyId,
  type RefusalReason,
  type ReservationId,
  type UserId,
} from "../schemas/coupon.ts";
import { defineStore } from "../engine/flow/store.ts";
import type { couponIssuing } from "./coupon-issuing.ts";
import { createDriver } from "../engine/testing/driver.ts";
import { defineTopology, from, type NeedsOf, type Stream, undo } from "../engine/flow/dsl.ts";
import type { Undone } from "../engine/flow/parts.ts";

// Invariant in both: `any`, `never` and optional or readonly differences are distinguished.
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Expect<T extends true> = T;
/** An intersection as one object, as `Equal` compares by shape. */
type Flat<T> = { [K in keyof T]: T[K] };

// The small world of these tests: two outcomes, of which one leaves an effect, and a need for everything.
type Took = { readonly kind: "took"; readonly request: CouponIssueRequested };
type Full = { readonly kind: "full"; readonly request: CouponIssueRequested };
type Paid = { readonly kind: "paid"; readonly amount: number };
interface A {
  readonly a: 1;
}
interface B {
  readonly b: 2;
}
interface C {
  readonly c: 3;
}
interface D {
  readonly d: 4;
}
declare const request: CouponIssueRequested;
declare const a: A;
declare const b: B;
declare const ab: A & B;
declare const toIssued: (value: unknown) => CouponIssued;
declare const toRefused: (value: unknown) => CouponRefused;
declare const toCompensated: (undone: Undone<Took>) => CouponCompensated;
declare const toRefunded: (undone: Undone<Paid>) => CouponCompensated;
const take = defineProcessor({
  name: "take",
  compensatable: ["took"],
  run: async (value: CouponIssueRequested, _needs: A): Promise<Took | Full> => ({ kind: "took", request: value }),
});
const giveBack = defineCompensation({ name: "give-back", run: async (_took: Took, _needs: B): Promise<void> => {} });
const refund = defineCompensation({ name: "refund", run: async (_paid: Paid, _needs: B): Promise<void> => {} });
const pay = defineProcessor({
  name: "pay",
  compensatable: [],
  run: async (_took: Took, _needs: C): Promise<Paid> => ({ kind: "paid", amount: 1 }),
});
const note = defineProcessor({
  name: "note",
  compensatable: [],
  run: async (_full: Full, _needs: D): Promise<{ readonly kind: "noted" }> => ({ kind: "noted" }),
});
const archive = defineStore({
  name: "archive",
  writeMany: async (_issued: readonly Item<CouponIssued>[], _needs: D): Promise<void> => {},
});
const dispatch = defineStore({
  name: "dispatch",
  write: async (_issued: CouponIssued, _needs: C): Promise<void> => {},
});
const took = { took: undo(giveBack, couponsCompensated, toCompensated) };
declare const requests: Stream<CouponIssueRequested, unknown>;
const taken = requests.step(take, took);

// ---- Positive claims ----

const small = defineTopology(
  "small",
  from(couponIssueRequests, (stream) =>
    stream
      .step(take, took)
      .continueOn("took", { full: (full) => full.step(note).drop("noted") })
      .step(pay)
      .to(couponsIssued, toIssued),
  ),
);
const stored = defineTopology(
  "stored",
  from(couponIssueRequests, (stream) => stream.to(archive, toIssued)),
);
const dispatched = defineTopology(
  "dispatched",
  from(couponIssueRequests, (stream) => stream.to(dispatch, toIssued)),
);
const pivoting = defineTopology(
  "pivoting",
  from(couponIssueRequests, (stream) =>
    stream.step(take, { took: pivot("paid for") }).branch({ took: (t) => t.drop("done"), full: (f) => f.drop("full") }),
  ),
);
const two = defineTopology(
  "two",
  from(couponIssueRequests, (stream) => stream.to(archive, toIssued)),
  from(couponsIssued, (stream) => stream.drop("seen")),
  from(couponsRefused, () => small),
);

/** Checked by being compiled. */
export type Needs = [
  Expect<
    Equal<
      Flat<NeedsOf<typeof couponIssuing>>,
      { readonly stock: CouponStock; readonly catalog: CouponCatalog; readonly book: CouponBook }
    >
  >,
  // A step's, its undo's, an arm's, and the next step's.
  Expect<Equal<Flat<NeedsOf<typeof small>>, { readonly a: 1; readonly b: 2; readonly c: 3; readonly d: 4 }>>,
  Expect<Equal<Flat<NeedsOf<typeof stored>>, { readonly d: 4 }>>,
  Expect<Equal<Flat<NeedsOf<typeof dispatched>>, { readonly c: 3 }>>,
  Expect<Equal<Flat<NeedsOf<typeof pivoting>>, { readonly a: 1 }>>,
  // Every flow's.
  Expect<Equal<keyof NeedsOf<typeof two>, "a" | "b" | "c" | "d">>,
];

/** Checked by being compiled. */
export type Records = [
  Expect<
    Equal<
      CouponIssueRequested,
      {
        readonly reservationId: ReservationId;
        readonly couponId: CouponId;
        readonly userId: UserId;
        readonly policyId: PolicyId | null;
        readonly requestedAt: number;
      }
    >
  >,
  Expect<Equal<TypeOf<(typeof couponsIssued)["schema"]>, CouponIssued>>,
  Expect<Equal<CouponRefused["reason"], RefusalReason>>,
  Expect<Equal<RefusalReason, "SOLD_OUT" | "NOT_OPEN" | "CLOSED" | "UNKNOWN_COUPON" | "OTHER_POLICY" | "DUPLICATE">>,
  Expect<Equal<CouponIssued["policyId"], PolicyId>>,
  Expect<Equal<CouponCompensated["reason"], string>>,
];

const onTook = taken.continueOn("took", { full: (full) => full.drop("full") });
const driver = createDriver(small, { a: 1, b: 2, c: 3, d: 4 });
const issued = driver.read(couponsIssued);
/** Checked by being compiled. */
export type Paths = [
  // Past a fork the path carries that outcome and no other.
  Expect<Equal<typeof onTook extends Stream<infer T, never> ? T : never, Took>>,
  // A step with one outcome needs no distinction.
  Expect<Equal<ReturnType<typeof paying> extends Stream<infer T, never> ? T : never, Paid>>,
  Expect<Equal<typeof issued, readonly CouponIssued[]>>,
];
const paying = () => onTook.step(pay);

// ---- Needs ----

const undoing = defineTopology(
  "undoing",
  from(couponIssueRequests, (stream) =>
    stream.step(take, took).branch({ took: (t) => t.fail(couponsRefused, toRefused), full: (f) => f.drop("full") }),
  ),
);

// @ts-expect-error The step needs `a`.
createDriver(pivoting, b);
// @ts-expect-error The undo needs `b`.
createDriver(undoing, a);
// @ts-expect-error An arm needs `d`.
createDriver(small, { a: 1, b: 2, c: 3 });
// @ts-expect-error The store needs `d`.
createDriver(stored, ab);
// @ts-expect-error A need of another type.
createDriver(pivoting, { a: 2 });
// ---- Outcomes and arms ----

// Arms with types of their own, so that an arm too many is the only mistake.
const dropTook = (stream: Stream<Took, unknown>) => stream.drop("took");
const dropFull = (stream: Stream<Full, unknown>) => stream.drop("full");

// @ts-expect-error Several outcomes, not distinguished.
taken.to(couponsIssued, toIssued);
// @ts-expect-error Several outcomes, not distinguished.
taken.step(pay);
// @ts-expect-error `full` has no arm.
taken.continueOn("took", {});
// @ts-expect-error `took` has no arm.
taken.branch({ full: (full) => full.drop("full") });
// @ts-expect-error The step has no outcome `gone`.
taken.continueOn("took", { full: dropFull, gone: dropTook });
// @ts-expect-error The step has no outcome `gone`.
taken.branch({ took: dropTook, full: dropFull, gone: dropTook });
// @ts-expect-error The main path has no arm.
taken.continueOn("took", { full: dropFull, took: dropTook });
// @ts-expect-error The step has no outcome `gone`.
taken.continueOn("gone", { took: dropTook, full: dropFull });
// @ts-expect-error The arm does not end.
taken.continueOn("took", { full: (full) => full });
// @ts-expect-error The arm does not end: it forks.
taken.branch({ took: () => taken, full: (full) => full.drop("full") });
// @ts-expect-error A flow does not end.
from(couponIssueRequests, (stream) => stream.step(take, took));
const widened = defineProcessor({
  name: "widened",
  compensatable: [],
  run: async (value: CouponIssueRequested) => ({ kind: value.couponId as string }),
});
// @ts-expect-error `kind` is any string: nothing can be distinguished.
requests.step(widened).to(couponsIssued, toIssued);

// ---- Undo ----

// @ts-expect-error What `took` leaves behind has no undo.
requests.step(take);
// @ts-expect-error What `took` leaves behind has no undo.
requests.step(take, {});
// @ts-expect-error The undo undoes another step's outcome.
requests.step(take, { took: undo(refund, couponsCompensated, toRefunded) });
// @ts-expect-error `full` leaves nothing behind.
requests.step(take, { ...took, full: pivot("nothing to undo") });
// @ts-expect-error The step leaves nothing behind.
onTook.step(pay, { paid: undo(refund, couponsCompensated, toRefunded) });
// @ts-expect-error The record is not the topic's.
undo(giveBack, couponsIssued, toCompensated);
// @ts-expect-error The projection expects another step's outcome.
undo(giveBack, couponsCompensated, toRefunded);
// @ts-expect-error A compensation by itself publishes nothing.
requests.step(take, { took: giveBack });

// ---- Processors ----

defineProcessor({
  name: "no-such-outcome",
  // @ts-expect-error No outcome is called `gone`.
  compensatable: ["gone"],
  run: async (): Promise<Took | Full> => ({ kind: "took", request }),
});
defineProcessor({
  name: "one-for-many",
  compensatable: [],
  // @ts-expect-error One answer for a whole round.
  runMany: async (_items: readonly { readonly value: Took }[]): Promise<Paid> => ({ kind: "paid", amount: 1 }),
});
// @ts-expect-error One record at a time, or a round: not both.
defineProcessor({
  name: "both",
  compensatable: [],
  run: async (_took: Took): Promise<Paid> => ({ kind: "paid", amount: 1 }),
  runMany: async (): Promise<readonly Paid[]> => [],
});
// @ts-expect-error The outcome has no `kind`.
defineProcessor({ name: "untagged", compensatable: [], run: async (took: Took) => took.request });
// @ts-expect-error The step takes `Took`, the path carries a request.
requests.step(pay);
// @ts-expect-error The step takes a refusable outcome, the path carries `Took`.
onTook.step(recordRefusal);
// @ts-expect-error The step takes what was reserved, the path carries a request.
requests.step(writeThrough);

// ---- Projections, records, brands ----

// @ts-expect-error A projection from another value.
onTook.to(couponsIssued, (paid: Paid): CouponIssued => toIssued(paid));
// @ts-expect-error A projection to another topic's record.
onTook.to(couponsIssued, toRefused);
// @ts-expect-error A projection to another topic's record, at the end of a failure.
onTook.fail(couponsRefused, toIssued);
// @ts-expect-error A projection to another store's record.
onTook.to(archive, toRefused);
// @ts-expect-error A projection to another store's record, one by one.
onTook.to(dispatch, toRefused);
// @ts-expect-error A store writes one by one or many at once, not both.
defineStore({ name: "both", write: dispatch.write, writeMany: archive.writeMany });
// @ts-expect-error A store writes.
defineStore({ name: "neither" });
const withoutUser = ({ userId: _userId, ...rest }: CouponIssued) => rest;
// @ts-expect-error The record lacks its user.
onTook.to(couponsIssued, (value) => withoutUser(toIssued(value)));
// @ts-expect-error No such reason.
const reason: RefusalReason = "TOO_LATE";
// @ts-expect-error A user is no coupon.
const couponId: CouponId = request.userId;
// @ts-expect-error A text is no id until the edge has checked it.
const userId: UserId = "u-1";
// @ts-expect-error The record has no such field.
const extra = (value: CouponRefused): CouponRefused => ({ ...value, note: "too late" });
// @ts-expect-error A policy may be null here, so it is no policy id yet.
const policyId: PolicyId = request.policyId;
// @ts-expect-error A record is never changed.
request.couponId = couponId;
// ---- The driver ----

// @ts-expect-error The value is not the topic's record.
void driver.send(couponIssueRequests, { couponId });
// @ts-expect-error One of the values is not the topic's record.
void driver.send(couponIssueRequests, [request, { couponId }]);
// @ts-expect-error What is read from a topic is that topic's record.
const refusedRead: readonly CouponRefused[] = driver.read(couponsIssued);
/** Used, so that being unused is no second reason to refuse the lines above. */
export const used = [reason, couponId, userId, extra, policyId, refusedRead];
