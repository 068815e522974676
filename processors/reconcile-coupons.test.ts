/** Reconciling: the gate says what the database says afterwards, whatever it said before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { CouponId, ReservationId, UserId } from "../schemas/coupon.ts";
import type { OwnedVerdict, Take } from "./coupon-ports.ts";
import { createSuspicion, type ReconcilePorts, reconcileCoupon } from "./reconcile-coupons.ts";

const couponId = "c" as CouponId;
const take = (n: number): Take => ({
  couponId,
  userId: `u-${n}` as UserId,
  reservationId: `r-${n}` as ReservationId,
});
const issued = ({ userId }: Take): OwnedVerdict => ({
  ...{ kind: "issued", couponId, userId, policyId: "p" as never, issuedAt: 1, expiresAt: 2 },
});
const refused = ({ userId }: Take): OwnedVerdict => ({
  ...{ kind: "refused", couponId, userId, reason: "SOLD_OUT", refusedAt: 1 },
});

/** A gate with these marks, two to a page, and a database with these verdicts. */
const world = (of: {
  readonly left: number | undefined;
  readonly remaining: number | undefined;
  readonly marks: readonly Take[];
  readonly verdicts: ReadonlyMap<ReservationId, OwnedVerdict>;
}) => {
  const gate = { left: of.left, marks: [...of.marks] };
  let repairs = 0;
  const ports: ReconcilePorts = {
    catalog: { remaining: async () => new Map(of.remaining === undefined ? [] : [[couponId, of.remaining]]) },
    verdicts: { find: async (ids) => new Map([...of.verdicts].filter(([id]) => ids.includes(id))) },
    gate: {
      left: async () => new Map(gate.left === undefined ? [] : [[couponId, gate.left]]),
      marks: async (_, cursor = "0") => {
        const from = Number(cursor);
        return {
          marks: of.marks.slice(from, from + 2),
          next: from + 2 < of.marks.length ? String(from + 2) : undefined,
        };
      },
      repair: async (_, { left, drop }) => {
        repairs++;
        gate.left = left;
        gate.marks = gate.marks.filter((mark) => !drop.includes(mark));
      },
    },
  };
  return { gate, ports, repairs: () => repairs };
};

test("reconciling: sets the counter to the database's word and keeps the marks of issued coupons only", async () => {
  const one = fc.record({ state: fc.constantFrom("issued", "refused", "none"), marked: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(one, { maxLength: 9 }), fc.nat(9), fc.nat(9), async (all, left, remaining) => {
      const takes = all.map((_, n) => take(n));
      const known = takes.flatMap((mark, n) => {
        const state = all[n]?.state;
        return state === "none"
          ? []
          : [[mark.reservationId, state === "issued" ? issued(mark) : refused(mark)] as const];
      });
      const verdicts = new Map(known);
      const marks = takes.filter((_, n) => all[n]?.marked);
      const { gate, ports, repairs } = world({ left, remaining, marks, verdicts });
      const repair = await reconcileCoupon(couponId, (slice) => slice(ports));
      assert.equal(gate.left, remaining);
      if (left === remaining) return assert.deepEqual([repair, repairs(), gate.marks], [undefined, 0, marks]);
      assert.deepEqual(
        gate.marks,
        marks.filter(({ reservationId }) => verdicts.get(reservationId)?.kind === "issued"),
      );
      assert.equal(repair?.dropped.length, marks.length - gate.marks.length);
    }),
  );
});

test("reconciling: leaves alone a coupon without a counter, and one that the database does not know", async () => {
  const none = { marks: [], verdicts: new Map() };
  for (const of of [
    { left: undefined, remaining: 5 },
    { left: 5, remaining: undefined },
  ]) {
    const { ports, repairs } = world({ ...of, ...none });
    assert.equal(await reconcileCoupon(couponId, (slice) => slice(ports)), undefined);
    assert.equal(repairs(), 0);
  }
});

test("reconciling: drops a mark whose reservation was issued for another coupon", async () => {
  const mark = take(1);
  const verdicts = new Map([[mark.reservationId, { ...issued(mark), couponId: "other" as CouponId }]]);
  const { gate, ports } = world({ left: 0, remaining: 1, marks: [mark], verdicts });
  await reconcileCoupon(couponId, (slice) => slice(ports));
  assert.deepEqual(gate.marks, []);
});

test("reconciling: ends where the coupon is no longer ours in the middle", async () => {
  const { ports, repairs } = world({ left: 0, remaining: 9, marks: [take(1), take(2), take(3)], verdicts: new Map() });
  let slices = 0;
  const repair = await reconcileCoupon(couponId, async (slice) => (++slices > 2 ? undefined : slice(ports)));
  assert.deepEqual([slices, repairs(), repair?.dropped.length], [3, 2, 2]);
});

test("suspicion: falls on a coupon whose difference is the same twice running, and not on one that changes", async () => {
  const left = new Map<CouponId, number>();
  const id = (name: string) => name as CouponId;
  const remaining = async () => new Map([id("stays"), id("moves"), id("agrees")].map((name) => [name, 10] as const));
  const suspects = createSuspicion({ catalog: { remaining }, gate: { left: async () => new Map(left) } });
  const set = (stays: number, moves: number): void => {
    left.set(id("stays"), stays).set(id("moves"), moves).set(id("agrees"), 10);
  };
  set(8, 8);
  assert.deepEqual(await suspects([id("stays"), id("moves"), id("agrees")]), []);
  set(8, 7);
  assert.deepEqual(await suspects([]), ["stays"], "it goes on looking at what differed");
  set(10, 7);
  assert.deepEqual(await suspects([]), ["moves"]);
  set(8, 10);
  assert.deepEqual(await suspects([id("stays")]), [], "a difference that comes anew is not the old one");
});
