/** What every {@link CouponRegister} and {@link CouponCatalog} does, the real ones and the fakes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CouponCatalog, CouponRegister } from "../../processors/coupons/coupon-ports.ts";
import type { Coupon, PolicyId, Won } from "../../schemas/coupon.ts";
import { aCoupon, aCouponId, aMoment, many } from "../../processors/testing/samples.ts";

/** Where coupons are opened and where they are found. */
export interface RegisterSubject {
  readonly register: CouponRegister;
  readonly catalog: CouponCatalog;
}

const percent = { kind: "percent", percent: 15, maxAmount: 9_000 as Won } as const;

/** One change to each of a coupon's terms. */
const otherTerms = (coupon: Coupon): readonly Coupon[] => [
  { ...coupon, policyId: "p-winter" as PolicyId },
  { ...coupon, stock: coupon.stock + 1 },
  { ...coupon, opensAt: aMoment },
  { ...coupon, closesAt: aMoment },
  { ...coupon, validForDays: 31 },
  { ...coupon, policy: { ...coupon.policy, name: "겨울 할인" } },
  { ...coupon, policy: { ...coupon.policy, minOrderAmount: 1 as Won } },
  { ...coupon, policy: { ...coupon.policy, discount: { kind: "fixed", amount: 1 as Won } } },
  { ...coupon, policy: { ...coupon.policy, discount: percent } },
];

/** Registers the suite. `subject` is called inside each test. */
export const couponRegisterContract = (name: string, subject: () => RegisterSubject): void => {
  const says = (what: string, body: (subject: RegisterSubject) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject()));

  says("opens a coupon once, with all its stock", async ({ register, catalog }) => {
    const coupon = aCoupon(100_000_000, { opensAt: aMoment, closesAt: aMoment + 1, validForDays: 3_650 });
    assert.equal(await register.open(coupon), "opened");
    assert.equal(await register.open(structuredClone(coupon)), "same");
    assert.deepEqual(await catalog.find([coupon.couponId]), new Map([[coupon.couponId, coupon]]));
    assert.deepEqual(await catalog.remaining([coupon.couponId]), new Map([[coupon.couponId, coupon.stock]]));
  });

  says("gives terms back as they were, whatever the discount", async ({ register, catalog }) => {
    const fixed = aCoupon(1);
    const { policy } = fixed;
    const large = aCoupon(1, { policy: { ...policy, minOrderAmount: Number.MAX_SAFE_INTEGER as Won } });
    const part = aCoupon(1, { policy: { name: "  ' \" \\ 😀", discount: percent, minOrderAmount: 0 as Won } });
    const coupons = [fixed, large, part];
    for (const coupon of coupons) await register.open(coupon);
    const found = await catalog.find(coupons.map(({ couponId }) => couponId));
    assert.deepEqual(
      coupons.map(({ couponId }) => found.get(couponId)),
      coupons,
    );
  });

  says("changes nothing when the id is taken by other terms", async ({ register, catalog }) => {
    const coupon = aCoupon(7);
    await register.open(coupon);
    for (const other of otherTerms(coupon)) assert.equal(await register.open(other), "differs");
    assert.deepEqual(await catalog.find([coupon.couponId]), new Map([[coupon.couponId, coupon]]));
    assert.equal((await catalog.remaining([coupon.couponId])).get(coupon.couponId), 7);
  });

  says("opens once when several open at once", async ({ register, catalog }) => {
    const coupon = aCoupon(5, { policyId: aCouponId() as string as PolicyId });
    const answers = await Promise.all(many(6, () => register.open(coupon)));
    assert.deepEqual(answers.toSorted(), ["opened", "same", "same", "same", "same", "same"]);
    assert.equal((await catalog.remaining([coupon.couponId])).get(coupon.couponId), 5);
  });

  says("lets one win when several open an id with other terms at once", async ({ register }) => {
    const coupon = aCoupon(5);
    const answers = await Promise.all(many(6, (at) => register.open({ ...coupon, validForDays: 10 + at })));
    assert.deepEqual(answers.toSorted(), ["differs", "differs", "differs", "differs", "differs", "opened"]);
  });

  says("opens every one when several open coupons with the same new terms at once", async ({ register }) => {
    const policyId = aCouponId() as string as PolicyId;
    const answers = await Promise.all(many(6, () => register.open(aCoupon(5, { policyId }))));
    assert.deepEqual(new Set(answers), new Set(["opened"]));
  });

  says("leaves out what does not exist, and finds it once it does", async ({ register, catalog }) => {
    const coupon = aCoupon(5);
    const unknown = aCouponId();
    assert.equal((await catalog.find([coupon.couponId, unknown])).size, 0);
    assert.equal((await catalog.remaining([unknown])).size, 0);
    await register.open(coupon);
    const found = await catalog.find([unknown, coupon.couponId, coupon.couponId]);
    assert.deepEqual([...found.keys()], [coupon.couponId]);
  });
};
