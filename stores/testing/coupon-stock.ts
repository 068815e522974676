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
    assert.deepEqual(answers, ["taken", "taken", "taken", "unsure", "unsure"]);
    assert.deepEqual(await counter(couponId), { left: 0, marks: 3 });
    assert.deepEqual(await stock.reserve([aTake(couponId)]), ["unsure"]);
  });

  says("says that nothing is left only when nothing is in flight", async ({ stock, counter }, couponId) => {
    const takes = many(3, () => aTake(couponId));
    await stock.initialise(new Map([[couponId, 3]]));
    await stock.reserve(takes);
    assert.deepEqual(await stock.reserve([aTake(couponId)]), ["unsure"]);
    await stock.settle(new Map([[couponId, 1]]));
    assert.deepEqual(await counter(couponId), { left: 1, marks: 0 });
    assert.deepEqual(await stock.reserve([aTake(couponId), aTake(couponId)]), ["taken", "unsure"]);
    await stock.settle(new Map([[couponId, 0]]));
    assert.deepEqual(await stock.reserve([...takes, aTake(couponId)]), ["none", "none", "none", "none"]);
    assert.deepEqual(await counter(couponId), { left: 0, marks: 0 });
  });

  says("gives nothing back when what it held was settled", async ({ stock, counter }, couponId) => {
    const take = aTake(couponId);
    await stock.initialise(new Map([[couponId, 3]]));
    await stock.reserve([take]);
    await stock.settle(new Map([[couponId, 2]]));
    await stock.release([take]);
    assert.deepEqual(await counter(couponId), { left: 2, marks: 0 });
  });

  says("settles many coupons at once, and none that has no counter", async ({ stock, counter }) => {
    const couponIds = many(2_500, aCouponId);
    await stock.initialise(new Map(couponIds.slice(1).map((couponId) => [couponId, 3])));
    await stock.reserve(couponIds.map((couponId) => aTake(couponId)));
    await stock.settle(new Map(couponIds.map((couponId) => [couponId, 7])));
    assert.equal(await counter(couponIds[0] ?? aCouponId()), undefined);
    for (const at of [1, 999, 1_000, 2_499])
      assert.deepEqual(await counter(couponIds[at] ?? aCouponId()), { left: 7, marks: 0 });
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
    assert.deepEqual(await stock.reserve([aTake(couponId), take]), ["unsure", "taken"]);
  });

  says("takes a unit for each reservation of a user: the database knows who has one", async (both, couponId) => {
    const { stock, counter } = both;
    const userId = aUserId();
    await stock.initialise(new Map([[couponId, 5]]));
    assert.deepEqual(await stock.reserve(many(2, () => aTake(couponId, { userId }))), ["taken", "taken"]);
    assert.deepEqual(await counter(couponId), { left: 3, marks: 2 });
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
    assert.deepEqual(await stock.reserve([aTake(couponId), aTake(couponId)]), ["taken", "unsure"]);
  });

  says("gives nothing back when another reservation holds the unit, or none does", async ({ stock, counter }, id) => {
    const take = aTake(id);
    await stock.initialise(new Map([[id, 2]]));
    await stock.reserve([take]);
    await stock.release([{ ...take, reservationId: aReservationId() }, aTake(id)]);
    assert.deepEqual(await counter(id), { left: 1, marks: 1 });
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
    const expected = ["taken", "taken", "uninitialised", "unsure", "taken", "uninitialised", "unsure"];
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
    const expected = takes.map((_, at): TakeAnswer => (at < 7_345 ? "taken" : "unsure"));
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
    assert.deepEqual(new Set(answers.slice(1_000)), new Set(["unsure"]));
    assert.deepEqual(await counter(couponIds[999] ?? aCouponId()), { left: 0, marks: 1 });
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
