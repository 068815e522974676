/** Restocking in process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createDriver } from "sluice-engine/testing";
import { memoryShelves } from "./memory-shelves.ts";
import { stockReturned } from "./records.ts";
import { restocking, setAside } from "./restocking.ts";

test("restocking: puts items on their shelf once, and sets aside what has none, when a record comes again", async () => {
  const { shelves, put } = memoryShelves("cup");
  const driver = createDriver(restocking, { shelves: { put } });
  const cups = { refundId: "r1", sku: "cup", quantity: 2 };
  await driver.send(stockReturned, [cups, { refundId: "r1", sku: "pot", quantity: 1 }, cups]);
  assert.deepEqual([...(shelves.get("cup") ?? [])], [["r1", 2]]);
  assert.deepEqual(driver.read(setAside), [{ refundId: "r1", sku: "pot" }]);
});
