/** What the catalog keeps and what it does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../../engine/errors.ts";
import type { CouponCatalog } from "../../../processors/coupons/coupon-ports.ts";
import type { CouponId } from "../../../schemas/coupon.ts";
import { databaseUnderTest } from "../testing/database-under-test.ts";
import { aCoupon, aCouponId, many } from "../../../processors/testing/samples.ts";
import { couponCatalog } from "./coupon-catalog.ts";
import { couponRegister } from "./coupon-register.ts";
import { openDatabase } from "../database.ts";
import { withSession } from "../session.ts";

const { url, database } = databaseUnderTest();

/** Opens `count` coupons; answers their ids. */
const opened = async (count: number): Promise<readonly CouponId[]> => {
  const coupons = many(count, () => aCoupon(5));
  for (const coupon of coupons) await couponRegister(database).open(coupon);
  return coupons.map(({ couponId }) => couponId);
};

/** A catalog that reads through a pool of one connection, and what takes that connection away while it works. */
const cutOff = async (keptMaxCoupons: number, body: (catalog: CouponCatalog, away: Away) => Promise<void>) => {
  const mine = openDatabase({ databaseUrl: url, poolMax: 1, acquireTimeoutMs: 500 });
  try {
    await body(couponCatalog(mine, { keptMaxCoupons }), (work) => withSession(mine, work));
  } finally {
    await mine.close();
  }
};
type Away = (work: () => Promise<void>) => Promise<void>;

test("mysql catalog: finds terms it has read without the database, and stock only with it", async () => {
  const ids = await opened(3);
  await cutOff(10, async (catalog, away) => {
    const found = await catalog.find(ids);
    await away(async () => {
      assert.deepEqual(await catalog.find(ids), found);
      await assert.rejects(catalog.remaining(ids), Unavailable);
    });
  });
});

test("mysql catalog: does not remember that a coupon does not exist", async () => {
  await cutOff(10, async (catalog, away) => {
    const unknown = aCouponId();
    await catalog.find([unknown]);
    await away(() => assert.rejects(catalog.find([unknown]), Unavailable));
  });
});

test("mysql catalog: forgets those asked for longest ago when there are too many", async () => {
  const [a, b, c] = await opened(3);
  assert.ok(a && b && c);
  await cutOff(2, async (catalog, away) => {
    await catalog.find([a]);
    await catalog.find([b]);
    await catalog.find([a]);
    await catalog.find([c]);
    await away(async () => {
      assert.equal((await catalog.find([a, c])).size, 2);
      await assert.rejects(catalog.find([b]), Unavailable);
    });
  });
});

test("mysql catalog: answers all that is asked for when it is more than it keeps", async () => {
  const ids = await opened(5);
  await cutOff(2, async (catalog) => {
    assert.equal((await catalog.find(ids)).size, 5);
  });
});

test("mysql catalog: takes no id that does not fit for the beginning of it", async () => {
  const couponId = aCouponId().padEnd(64, "x") as CouponId;
  await couponRegister(database).open(aCoupon(5, { couponId }));
  const tooLong = [`${couponId}y`, `${couponId} `, "\ud800", ""] as readonly string[] as readonly CouponId[];
  const catalog = couponCatalog(database);
  assert.equal((await catalog.find(tooLong)).size, 0);
  assert.equal((await catalog.remaining(tooLong)).size, 0);
  assert.equal((await catalog.find([couponId])).size, 1);
});
