/** Where what is in flight is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCallRecords } from "./call-records.ts";

test("call records: count while a call is at work, over all that have its name, and not after it failed or ended", async () => {
  const records = createCallRecords();
  const [one, other] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  const first = records.during("reserve", 3, one.promise);
  const second = records.during("reserve", 2, other.promise);
  const third = records.during("write rows", 1, new Promise(() => {}));
  assert.deepEqual(Object.fromEntries(records.now()), { reserve: 5, "write rows": 1 });
  one.resolve(7);
  assert.equal(await first, 7);
  assert.equal(records.now().get("reserve"), 2);
  other.reject(new Error("away"));
  await assert.rejects(second, /away/);
  assert.equal(records.now().get("reserve"), undefined);
  void third;
});
