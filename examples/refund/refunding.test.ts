/** Refunds in process, from the outbox to the stock events. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger, systemClock } from "sluice-engine";
import { relayDefaults, silentRelayTelemetry, startRelay } from "sluice-engine/outbox";
import { createDriver, memoryOutbox } from "sluice-engine/testing";
import { memoryShop } from "./memory-shop.ts";
import { refundOutbox, type RefundRow } from "./outbox.ts";
import { moneyTakenBack, refundRequests, refundsCompleted, refundsRefused, stockReturned } from "./records.ts";
import { refunding } from "./refunding.ts";

const items = [
  { sku: "cup", quantity: 2 },
  { sku: "pot", quantity: 1 },
];

test("refunding: gives money back and announces every item when the warehouse takes them", async () => {
  const shop = memoryShop(["p1"]);
  const driver = createDriver(refunding, shop);
  await driver.send(refundRequests, { refundId: "r1", paymentId: "p1", items });
  assert.deepEqual(driver.read(refundsCompleted), [{ refundId: "r1", amount: 300 }]);
  assert.deepEqual([...shop.entries], [["r1", 300]]);
  assert.deepEqual(
    driver.read(stockReturned),
    items.map((item) => ({ refundId: "r1", ...item })),
  );
});

test("refunding: takes the money back when the warehouse does not take an item", async () => {
  const shop = memoryShop(["p1"], ["pot"]);
  const driver = createDriver(refunding, shop);
  await driver.send(refundRequests, [
    { refundId: "r1", paymentId: "p1", items },
    { refundId: "r2", paymentId: "nothing", items },
  ]);
  assert.equal(shop.given.size, 0);
  assert.deepEqual(driver.read(moneyTakenBack), [{ refundId: "r1", reason: "notTaken" }]);
  assert.deepEqual(
    driver
      .read(refundsRefused)
      .map(({ reason }) => reason)
      .sort(),
    ["ITEMS_NOT_TAKEN", "UNKNOWN_PAYMENT"],
  );
  assert.deepEqual([driver.read(stockReturned), [...shop.entries]], [[], []]);
});

test("outbox: publishes each request that was written, and marks its row", { timeout: 10_000 }, async () => {
  const { outbox, rows, add } = memoryOutbox<RefundRow>(({ id }) => id);
  const published: string[] = [];
  add({ id: "r1", payment: "p1", items }, { id: "r2", payment: "p2", items: [] });
  const relay = startRelay({
    definition: refundOutbox,
    outbox,
    producer: {
      produce: async (_, records) => void published.push(...records.map(({ value }) => String(value))),
      partitionOf: () => 0,
      backlogRecords: () => 0,
      noProgressSinceMs: () => undefined,
      trouble: () => undefined,
      close: async () => {},
    },
    encode: ({ refundId }) => Buffer.from(refundId),
    clock: systemClock,
    random: Math.random,
    backoff: { initialMs: 1, maxMs: 10 },
    logger: silentLogger,
    telemetry: silentRelayTelemetry,
    settings: relayDefaults,
  });
  while ([...rows.values()].some(({ publishedAt }) => publishedAt === null)) await systemClock.sleep(5);
  await relay.stop();
  assert.deepEqual(published, ["r1", "r2"]);
});
