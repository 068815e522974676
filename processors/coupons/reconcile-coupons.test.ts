/** Reconciling: the gate says what the database says afterwards, whatever it said before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { CouponId } from "../../schemas/coupon.ts";
import { compareCoupons, type ReconcilePorts, reconcileCoupon } from "./reconcile-coupons.ts";

const couponId = "c" as CouponId;

/** A gate and a database, small enough to be right by looking. */
const world = (of: {
  readonly left: number | undefined;
  readonly remaining: number | undefined;
  readonly marks: number;
}) => {
  const gate = { left: of.left, marks: of.marks };
  let repairs = 0;
  const ports: ReconcilePorts = {
    truth: {
      remaining: async () => new Map(of.remaining === undefined ? [] : [[couponId, of.remaining]]),
      stored: async () => of.remaining,
    },
    gate: {
      counters: async () =>
        new Map(gate.left === undefined ? [] : [[couponId, { left: gate.left, marks: gate.marks }]]),
      repair: async ({ seen, left }) => {
        if (gate.left !== seen) return undefined;
        repairs++;
        const dropped = gate.marks;
        Object.assign(gate, { left, marks: 0 });
        return dropped;
      },
    },
  };
  return { gate, ports, repairs: () => repairs };
};

test("reconciling: sets the counter to the database's word, drops what is in flight, and is idle where all is well", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(3), fc.nat(3), fc.nat(2), async (left, remaining, marks) => {
      const { gate, ports, repairs } = world({ left, remaining, marks });
      const isRight = left === remaining && marks === 0;
      assert.deepEqual([...(await compareCoupons(ports, [couponId])).differing.keys()], isRight ? [] : [couponId]);
      const repaired = await reconcileCoupon(ports, couponId);
      assert.deepEqual([gate.left, gate.marks], [remaining, 0]);
      if (isRight) assert.deepEqual([repaired, repairs()], [undefined, 0]);
      else assert.deepEqual(repaired, { couponId, seen: left, left: remaining, droppedMarks: marks });
    }),
  );
});

test("reconciling: leaves unchanged a coupon without a counter, and one that the database does not know", async () => {
  for (const of of [
    { left: undefined, remaining: 5 },
    { left: 5, remaining: undefined },
  ]) {
    const { ports, repairs } = world({ ...of, marks: 1 });
    assert.equal((await compareCoupons(ports, [couponId])).differing.size, 0);
    assert.equal(await reconcileCoupon(ports, couponId), undefined);
    assert.equal(repairs(), 0);
  }
});

test("reconciling: answers nothing when the gate changed meanwhile", async () => {
  const { gate, ports } = world({ left: 3, remaining: 5, marks: 0 });
  const stored: ReconcilePorts["truth"]["stored"] = async (id) => {
    gate.left = 2;
    return ports.truth.stored(id);
  };
  assert.equal(await reconcileCoupon({ ...ports, truth: { ...ports.truth, stored } }, couponId), undefined);
  assert.equal(gate.left, 2);
});
