/** What the statements of a round are given. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CouponId } from "../../../schemas/coupon.ts";
import { anIssue, aRefusal } from "../../../processors/testing/samples.ts";
import type { Parameter } from "../connection.ts";
import { lockCoupons, lockOutIssuing } from "./round-statements.ts";
import type { Session } from "../session.ts";

/** A session that answers nothing and remembers what it was given. */
const recorder = (): Session & { readonly given: (readonly Parameter[])[] } => {
  const given: (readonly Parameter[])[] = [];
  const take = (_sql: string, values: readonly Parameter[]) => given.push(values);
  return {
    given,
    select: async (_columns, sql, values) => {
      take(sql, values);
      return [];
    },
    change: async (sql, values) => take(sql, values),
    restart: async () => undefined,
  };
};

test("round-statements: lock each coupon once and in one order, whatever the order of the round", async () => {
  const ids = ["b", "a", "B", "b", "c", "a"] as readonly string[] as readonly CouponId[];
  const session = recorder();
  await lockCoupons(
    session,
    ids.map((couponId) => anIssue(couponId)),
  );
  await lockOutIssuing(
    session,
    ids.toReversed().map((couponId) => aRefusal(couponId)),
  );
  assert.deepEqual(session.given, [['["B","a","b","c"]'], ['["B","a","b","c"]']]);
});
