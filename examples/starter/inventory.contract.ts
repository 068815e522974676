/** What every inventory does: the fake passes it, and so must the adapter that you write. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Inventory } from "./take-items.ts";

/** Tests inventories that have 2 of `a` and nothing else. */
export const inventoryContract = (open: () => Inventory): void => {
  const order = (orderId: string, quantity: number, sku = "a") => ({ orderId, sku, quantity });
  test("inventory: takes what is there, and refuses what is not", async () => {
    const inventory = open();
    assert.deepEqual(await inventory.take(order("1", 3)), { ok: false, left: 2 });
    assert.deepEqual(await inventory.take(order("2", 2)), { ok: true, left: 0 });
    assert.equal(await inventory.take(order("3", 1, "b")), undefined);
  });
  test("inventory: gives the same answer when it is asked again", async () => {
    const inventory = open();
    const first = await inventory.take(order("1", 1));
    assert.deepEqual(await inventory.take(order("1", 1)), first);
  });
};
