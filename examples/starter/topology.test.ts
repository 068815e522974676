/** The topology in process: no broker, the same interpreter as a worker's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createDriver } from "sluice-engine/testing";
import { inventoryContract } from "./inventory.contract.ts";
import { memoryInventory } from "./memory-inventory.ts";
import { answers, ordering, orders } from "./topology.ts";

inventoryContract(() => memoryInventory({ a: 2 }));

test("ordering: answers every order it knows, once per outcome", async () => {
  const driver = createDriver(ordering, { inventory: memoryInventory({ a: 2 }) });
  await driver.send(orders, [
    { orderId: "1", sku: "a", quantity: 2 },
    { orderId: "2", sku: "a", quantity: 1 },
    { orderId: "3", sku: "b", quantity: 1 },
  ]);
  assert.deepEqual(driver.read(answers), [
    { orderId: "1", accepted: true, left: 0 },
    { orderId: "2", accepted: false, left: 0 },
  ]);
});
