/** Reconciling: the gate says what the database says afterwards, whatever it said before, and those who wait lose nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { CouponId, ReservationId, UserId } from "../../schemas/coupon.ts";
import type { OwnedVerdict } from "./coupon-ports.ts";
import { decideRepair, type Mark, type ReconcilePorts, reconcileCoupon } from "./reconcile-coupons.ts";

const couponId = "c" as CouponId;
const mark = (n: number, reservation = n): Mark => ({
  userId: `u-${n}` as UserId,
  reservationId: `r-${reservation}` as ReservationId,
});
const issued = ({ userId }: Mark): OwnedVerdict => ({
  ...{ kind: "issued", couponId, userId, policyId: "p" as never, issuedAt: 1, expiresAt: 2 },
});
const refused = ({ userId }: Mark): OwnedVerdict => ({
  ...{ kind: "refused", couponId, userId, reason: "SOLD_OUT", refusedAt: 1 },
});

/** A gate and a database, small enough to be right by looking. */
const world = (of: {
  readonly left: number | undefined;
  readonly remaining: number | undefined;
  readonly marks: readonly Mark[];
  readonly verdicts: ReadonlyMap<ReservationId, OwnedVerdict>;
}) => {
  const gate = { left: of.left, marks: of.marks };
  let repairs = 0;
  const find = async (ids: readonly ReservationId[]) => new Map([...of.verdicts].filter(([id]) => ids.includes(id)));
  const remaining = async () => new Map(of.remaining === undefined ? [] : [[couponId, of.remaining]]);
  const ports: ReconcilePorts = {
    truth: {
      find,
      remaining,
      stored: async (_, ids) => ({ remaining: of.remaining, verdicts: await find(ids) }),
    },
    gate: {
      counters: async () =>
        new Map(gate.left === undefined ? [] : [[couponId, { left: gate.left, marks: gate.marks.length }]]),
      marks: async () => ({ marks: gate.marks, next: undefined }),
      repair: async ({ seen, left, drop }) => {
        if (gate.left !== seen) return undefined;
        repairs++;
        gate.left = left;
        gate.marks = gate.marks.filter((one) => !drop.includes(one));
        return drop.length;
      },
    },
  };
  return { gate, ports, repairs: () => repairs };
};

test("reconciling: sets the counter to the database's word and keeps the marks of issued coupons only", async () => {
  const one = fc.record({ state: fc.constantFrom("issued", "refused", "none"), marked: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(one, { maxLength: 9 }), fc.nat(9), fc.nat(9), async (all, left, remaining) => {
      const verdicts = new Map(
        all.flatMap(({ state }, n) =>
          state === "none"
            ? []
            : [[mark(n).reservationId, state === "issued" ? issued(mark(n)) : refused(mark(n))] as const],
        ),
      );
      const marks = all.flatMap(({ marked }, n) => (marked ? [mark(n)] : []));
      const { gate, ports, repairs } = world({ left, remaining, marks, verdicts });
      const repaired = await reconcileCoupon(ports, couponId, marks);
      const earned = marks.filter(({ reservationId }) => verdicts.get(reservationId)?.kind === "issued");
      assert.deepEqual([gate.left, gate.marks], [remaining, earned]);
      const droppedMarks = marks.length - earned.length;
      if (left === remaining && droppedMarks === 0) assert.deepEqual([repaired, repairs()], [undefined, 0]);
      else assert.deepEqual(repaired, { couponId, seen: left, left: remaining, droppedMarks });
    }),
  );
});

test("reconciling: leaves unchanged a coupon without a counter, and one that the database does not know", async () => {
  const none = { marks: [mark(1)], verdicts: new Map() };
  for (const of of [
    { left: undefined, remaining: 5 },
    { left: 5, remaining: undefined },
  ]) {
    const { ports, repairs } = world({ ...of, ...none });
    assert.equal(await reconcileCoupon(ports, couponId, none.marks), undefined);
    assert.equal(repairs(), 0);
  }
});

test("reconciling: drops a mark whose reservation was issued for another coupon, or to another user", () => {
  const reused = mark(1, 2);
  const verdicts = new Map([
    [mark(3).reservationId, { ...issued(mark(3)), couponId: "other" as CouponId }],
    [reused.reservationId, issued(mark(2))],
  ]);
  const suspects = [mark(3), reused, mark(2)];
  const repair = decideRepair(couponId, { left: 4 }, { stored: { remaining: 4, verdicts }, suspects });
  assert.deepEqual(repair, { couponId, seen: 4, left: 4, drop: [mark(3), reused] });
});

test("reconciling: answers nothing when the gate changed meanwhile", async () => {
  const { gate, ports } = world({ left: 3, remaining: 5, marks: [], verdicts: new Map() });
  const stored: ReconcilePorts["truth"]["stored"] = async (id, ids) => {
    gate.left = 2;
    return ports.truth.stored(id, ids);
  };
  assert.equal(await reconcileCoupon({ ...ports, truth: { ...ports.truth, stored } }, couponId), undefined);
  assert.equal(gate.left, 2);
});
