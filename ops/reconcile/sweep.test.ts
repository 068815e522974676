/** A sweep: when it looks at all coupons, and when at none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CouponId } from "../../schemas/coupon.ts";
import { sweepAfterReconnecting } from "./sweep.ts";

const pages = [["a", "b"], ["c", "d"], ["e"]] as unknown as readonly (readonly CouponId[])[];

/** A sweep of three pages, and the connection it watches. */
const sweeping = () => {
  let [at, connections, asked] = [0, 1, 0];
  const sweep = sweepAfterReconnecting(() => connections, {
    pageCoupons: 2,
    nextPage: async () => {
      asked++;
      return pages[at++ % pages.length] ?? [];
    },
  });
  const passes = async (count: number): Promise<string> => {
    let seen = "";
    for (let n = 0; n < count; n++) seen += (await sweep()).join("");
    return seen;
  };
  return { passes, asked: () => asked, reconnect: () => connections++ };
};

test("sweep: looks at all coupons once at the start, and asks for no page after it", async () => {
  const { passes, asked } = sweeping();
  assert.equal(await passes(3), "abcde");
  assert.equal(await passes(500), "");
  assert.equal(asked(), 3);
});

test("sweep: looks at all of them again when the connection is another one, in the middle of a sweep too", async () => {
  const { passes, reconnect } = sweeping();
  await passes(5);
  reconnect();
  assert.equal(await passes(2), "abcd");
  reconnect();
  assert.equal(await passes(8), "eabcde");
});

test("sweep: begins again by itself after 600 passes", async () => {
  const { passes } = sweeping();
  assert.equal(await passes(603), "abcde");
  assert.equal(await passes(3), "abcde");
});
