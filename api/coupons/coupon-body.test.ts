// The coupon that a body says, and what is said of one that says none.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { couponFrom, couponText } from "./coupon-body.ts";
import { Problem } from "../http/problems/problems.ts";

const good = {
  couponId: "c",
  policyId: "p",
  stock: 1,
  validForDays: 1,
  policy: { name: "n", discount: { kind: "fixed", amount: 1 }, minOrderAmount: 0 },
};
const fieldsOf = (body: unknown): readonly string[] => {
  try {
    couponFrom(body);
    return [];
  } catch (error) {
    assert.ok(error instanceof Problem && error.code === "validation");
    return (error.details.errors ?? []).map(({ field }) => field);
  }
};

test("coupon body: is read alike when it is answered and read again", () => {
  const coupon = couponFrom({ ...good, opensAt: "2027-01-01T00:00:00Z" });
  assert.deepEqual(couponFrom(couponText(coupon)), coupon);
});

test("coupon body: names every wrong field, in the order of the body", () => {
  for (const body of [undefined, null, 7, "x", []]) assert.deepEqual(fieldsOf(body), ["body"]);
  assert.deepEqual(fieldsOf({}), ["/couponId", "/policyId", "/stock", "/validForDays", "/policy"]);
  assert.deepEqual(fieldsOf(good), []);
  assert.deepEqual(fieldsOf({ ...good, stock: 1.5 }), ["/stock"]);
  assert.deepEqual(
    fieldsOf({ ...good, policy: { ...good.policy, discount: { kind: "percent", percent: 0, maxAmount: 0 } } }),
    ["/policy/discount/percent", "/policy/discount/maxAmount"],
  );
});

test("coupon body: throws nothing but the problem, whatever it is given", () => {
  fc.assert(
    fc.property(fc.anything({ maxDepth: 3 }), fc.constantFrom(...Object.keys(good)), (value, field) => {
      fieldsOf(value);
      fieldsOf({ ...good, [field]: value });
    }),
    { numRuns: 300 },
  );
});
