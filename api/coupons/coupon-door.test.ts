// The door: what is asked of the catalogue, what is remembered of its answers, and what an outage changes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../engine/errors.ts";
import { settled } from "../../engine/testing/stepped-clock.ts";
import type { Coupon, CouponId } from "../../schemas/coupon.ts";
import { fakeClock, fakeStores } from "../testing/testing.ts";
import { createCouponDoor, doorDefaults } from "./coupon-door.ts";

const [launch, typo] = ["launch", "typo"] as [CouponId, CouponId];

const setUp = (settings = {}) => {
  const clock = fakeClock();
  const stores = fakeStores();
  stores.unknownCoupons.add(typo);
  const door = createCouponDoor(stores.ports.catalog, clock, { ...doorDefaults, ...settings });
  return { clock, door, stores };
};

test("coupon door: asks once for a coupon that there is, and never again", async () => {
  const { door, stores, clock } = setUp();
  assert.deepEqual(await Promise.all([door.look(launch), door.look(launch)]), ["known", "known"]);
  const asked = stores.catalogCalls.length;
  clock.advance(3_600_000);
  assert.equal(door.look(launch), "known");
  assert.equal(stores.catalogCalls.length, asked);
});

test("coupon door: remembers for a second that there is no such coupon, however the clock is set", async () => {
  const { door, stores, clock } = setUp();
  assert.equal(await door.look(typo), "unknown");
  assert.equal(door.look(typo), "unknown");
  clock.set(-3_600_000);
  assert.equal(await door.look(typo), "unknown");
  assert.equal(stores.catalogCalls.length, 2);
  clock.advance(1_000);
  stores.unknownCoupons.delete(typo);
  assert.equal(await door.look(typo), "known");
});

test("coupon door: knows a coupon at once when it is opened here, also while the catalogue is asked", async () => {
  const { door } = setUp();
  assert.equal(await door.look(typo), "unknown");
  door.opened(typo);
  assert.equal(door.look(typo), "known");
  const other = setUp();
  const asked = other.door.look(typo);
  other.door.opened(typo);
  assert.equal(await asked, "known");
  assert.equal(other.door.look(typo), "known");
});

test("coupon door: says nothing when the catalogue is away, and lets nobody wait for it for a second", async () => {
  const { door, stores, clock } = setUp();
  stores.catalogTrouble.error = new Unavailable("database", "refused");
  assert.equal(await door.look(typo), undefined);
  assert.equal(door.look(launch), undefined);
  assert.equal(stores.catalogCalls.length, 1);
  stores.catalogTrouble.error = undefined;
  clock.advance(1_000);
  assert.equal(await door.look(typo), "unknown");
});

test("coupon door: says nothing when the catalogue is slow or too many ids are asked for", async () => {
  const { door, stores, clock } = setUp({ maxWaiting: 2 });
  const hanging = Promise.withResolvers<void>();
  stores.catalogTrouble.until = hanging.promise;
  const looks = [door.look(launch), door.look(typo)];
  assert.equal(door.look("third" as CouponId), undefined);
  await settled();
  clock.advance(doorDefaults.lookMs);
  assert.deepEqual(await Promise.all(looks), [undefined, undefined]);
  hanging.resolve();
});

test("coupon door: remembers no more made-up ids than it may", async () => {
  const calls: (readonly CouponId[])[] = [];
  const counted = {
    find: async (ids: readonly CouponId[]) => {
      calls.push(ids);
      return new Map<CouponId, Coupon>();
    },
  };
  const door = createCouponDoor(counted, fakeClock(), { ...doorDefaults, maxCoupons: 10 });
  for (let n = 0; n < 20; n++) await door.look(`made-up-${n}` as CouponId);
  assert.equal(door.look("made-up-19" as CouponId), "unknown");
  await door.look("made-up-0" as CouponId);
  assert.equal(calls.length, 21);
});
