/** What every {@link CouponStock} does, the real one and the fake. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CouponStock, TakeAnswer } from "../../processors/coupons/coupon-ports.ts";
import type { CouponId, UserId } from "../../schemas/coupon.ts";
import { aCouponId, aReservationId, aTake, aUserId, hostileIds, many } from "../../processors/testing/samples.ts";

/** A stock and a look behind it. */
export interface StockSubject {
  readonly stock: CouponStock;
  /** What a coupon's counter is and how many marks it has; undefined where there is none. */
  readonly counter: (couponId: CouponId) => Promise<{ readonly left: number; readonly marks: number } | undefined>;
}

/** Registers the suite. `subject` is called inside each test. */
export const couponStockContract = (name: string, subject: () => StockSubject): void => {
  const says = (what: string, body: (subject: StockSubject, couponId: CouponId) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject(), aCouponId()));

  says("takes until nothing is left, first come first served", async ({ stock, counter }, couponId) => {
    await stock.initialise(new Map([[couponId, 3]]));
    const answers = await stock.reserve(many(5, () => aTake(couponId)));
    assert.deepEqual(answers, ["taken", "taken", "taken", "none", "none"]);
    assert.deepEqual(await counter(couponId), { left: 0, marks: 3 });
    assert.deepEqual(await stock.reserve([aTake(couponId)]), ["none"]);
  });

  says("answers uninitialised and holds nothing when there is no counter", async ({ stock, counter }, couponId) => {
    const take = aTake(couponId);
    assert.deepEqual(await stock.reserve([take, aTake(couponId)]), ["uninitialised", "uninitialised"]);
    await stock.release([take]);
    assert.equal(await counter(couponId), undefined);
  });

  says("takes nothing when it was initialised with nothing", async ({ stock, counter }, couponId) => {
    await stock.initialise(new Map([[couponId, 0]]));
    assert.deepEqual(await stock.reserve([aTake(couponId)]), ["none"]);
    assert.deepEqual(await counter(couponId), { left: 0, marks: 0 });
  });

  says("leaves a counter that exists when it is initialised again", async ({ stock, counter }, couponId) => {
    const other = aCouponId();
    await stock.initialise(new Map([[couponId, 2]]));
    await stock.reserve([aTake(couponId)]);
    await stock.initialise(
      new Map([
        [couponId, 100],
        [other, 7],
      ]),
    );
    assert.deepEqual(await counter(couponId), { left: 1, marks: 1 });
    assert.deepEqual(await counter(other), { left: 7, marks: 0 });
  });

  says("takes once when the same reservation asks again", async ({ stock, counter }, couponId) => {
    const take = aTake(couponId);
    await stock.initialise(new Map([[couponId, 2]]));
    assert.deepEqual(await stock.reserve([take, take]), ["taken", "taken"]);
    assert.deepEqual(await stock.reserve([take]), ["taken"]);
    assert.deepEqual(await counter(couponId), { left: 1, marks: 1 });
  });

  says("still says taken to the same reservation when nothing is left for others", async ({ stock }, couponId) => {
    const take = aTake(couponId);
    await stock.initialise(new Map([[couponId, 1]]));
    await stock.reserve([take]);
    assert.deepEqual(await stock.reserve([aTake(couponId), take]), ["none", "taken"]);
  });

  says("says heldByOther when a user asks by another reservation", async ({ stock, counter }, couponId) => {
    const userId = aUserId();
    await stock.initialise(new Map([[couponId, 5]]));
    const first = aTake(couponId, { userId });
    const inOneRound = await stock.reserve([first, aTake(couponId, { userId })]);
    assert.deepEqual(inOneRound, ["taken", "heldByOther"]);
    assert.deepEqual(await stock.reserve([aTake(couponId, { userId })]), ["heldByOther"]);
    assert.deepEqual(await counter(couponId), { left: 4, marks: 1 });
  });

  says("lets a user hold two coupons", async ({ stock }, couponId) => {
    const other = aCouponId();
    const userId = aUserId();
    await stock.initialise(
      new Map([
        [couponId, 1],
        [other, 1],
      ]),
    );
    const answers = await stock.reserve([aTake(couponId, { userId }), aTake(other, { userId })]);
    assert.deepEqual(answers, ["taken", "taken"]);
  });

  says("gives a unit back once however often it is released", async ({ stock, counter }, couponId) => {
    const take = aTake(couponId);
    await stock.initialise(new Map([[couponId, 1]]));
    await stock.reserve([take]);
    await stock.release([take, take]);
    await stock.release([take]);
    assert.deepEqual(await counter(couponId), { left: 1, marks: 0 });
    assert.deepEqual(await stock.reserve([aTake(couponId), aTake(couponId)]), ["taken", "none"]);
  });

  says("gives nothing back when another reservation holds the unit, or none does", async ({ stock, counter }, id) => {
    const take = aTake(id);
    await stock.initialise(new Map([[id, 2]]));
    await stock.reserve([take]);
    await stock.release([{ ...take, reservationId: aReservationId() }, aTake(id)]);
    assert.deepEqual(await counter(id), { left: 1, marks: 1 });
  });

  says("lets a user ask again by another reservation when the first was released", async ({ stock }, couponId) => {
    const take = aTake(couponId);
    await stock.initialise(new Map([[couponId, 1]]));
    await stock.reserve([take]);
    await stock.release([take]);
    const again = { ...take, reservationId: aReservationId() };
    assert.deepEqual(await stock.reserve([again, take]), ["taken", "heldByOther"]);
  });

  says("answers in the order asked when coupons are mixed", async ({ stock, counter }, couponId) => {
    const [scarce, missing] = [aCouponId(), aCouponId()];
    await stock.initialise(
      new Map([
        [couponId, 10],
        [scarce, 1],
      ]),
    );
    const order = [couponId, scarce, missing, scarce, couponId, missing, scarce];
    const answers = await stock.reserve(order.map((id) => aTake(id)));
    const expected = ["taken", "taken", "uninitialised", "none", "taken", "uninitialised", "none"];
    assert.deepEqual(answers, expected);
    assert.deepEqual(await counter(couponId), { left: 8, marks: 2 });
  });

  says("does nothing when asked for nothing", async ({ stock }) => {
    assert.deepEqual(await stock.reserve([]), []);
    await stock.release([]);
    await stock.initialise(new Map());
  });

  says("decides rounds of thousands exactly", async ({ stock, counter }, couponId) => {
    await stock.initialise(new Map([[couponId, 7_345]]));
    const takes = many(9_000, () => aTake(couponId));
    const expected = takes.map((_, at): TakeAnswer => (at < 7_345 ? "taken" : "none"));
    assert.deepEqual(await stock.reserve(takes), expected);
    assert.deepEqual(await stock.reserve(takes), expected);
    await stock.release(takes);
    assert.deepEqual(await counter(couponId), { left: 7_345, marks: 0 });
  });

  says("takes from a thousand coupons in one call", async ({ stock, counter }) => {
    const couponIds = many(1_000, aCouponId);
    await stock.initialise(new Map(couponIds.map((couponId) => [couponId, 1])));
    const twice = [...couponIds, ...couponIds].map((couponId) => aTake(couponId));
    const answers = await stock.reserve(twice);
    assert.deepEqual(new Set(answers.slice(0, 1_000)), new Set(["taken"]));
    assert.deepEqual(new Set(answers.slice(1_000)), new Set(["none"]));
    assert.deepEqual(await counter(couponIds[999] ?? aCouponId()), { left: 0, marks: 1 });
  });

  says("takes no user for its counter", async ({ stock, counter }, couponId) => {
    await stock.initialise(new Map([[couponId, 5]]));
    const users = ["left", "u:left", "u:", "n"] as readonly string[] as readonly UserId[];
    const takes = users.map((userId) => aTake(couponId, { userId }));
    assert.deepEqual(new Set(await stock.reserve(takes)), new Set(["taken"]));
    assert.deepEqual(await counter(couponId), { left: 1, marks: 4 });
    await stock.release(takes);
    assert.deepEqual(await counter(couponId), { left: 5, marks: 0 });
  });

  says("keeps hostile ids apart and unharmed", async ({ stock, counter }) => {
    const ids = hostileIds();
    // Erasure: any text of that length is an id to a store.
    const takes = ids.flatMap((couponId) =>
      ids.map((userId) => aTake(couponId as CouponId, { userId: userId as UserId })),
    );
    await stock.initialise(new Map(ids.map((couponId) => [couponId as CouponId, ids.length + 5])));
    assert.deepEqual(new Set(await stock.reserve(takes)), new Set(["taken"]));
    for (const id of ids) assert.deepEqual(await counter(id as CouponId), { left: 5, marks: ids.length });
  });
};
