// Rows that cannot be published keep no other from being published, and are named.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fatal } from "../errors.ts";
import { encodeAsJson } from "../log/testing/fake-producer.ts";
import { relayDefaults } from "./relay-options.ts";
import { unfitMax } from "./set-aside.ts";
import { ended, type Sale, saleOf, stage } from "./testing/relay-stage.ts";

const unfitFor = (isUnfit: (sale: Sale) => boolean) => (sale: Sale) => {
  if (isUnfit(sale)) throw new RangeError("not a UUID");
  return encodeAsJson(sale);
};

test("relay: sets a row aside that fits no record, names it once and publishes those behind it", async () => {
  const all = stage({ maxRows: 2 });
  all.write(saleOf(1), saleOf(2), saleOf(3));
  const [number, row] = [...all.table.rows][0] ?? assert.fail();
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  all.table.rows.set(number, { ...row, traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
  const relay = all.start({ encode: unfitFor(({ amount }) => amount === 1) });
  for (let turn = 0; turn < 5; turn++) await all.step(relayDefaults.lagEveryMs);
  assert.deepEqual(all.amounts(), [2, 3]);
  assert.equal(all.unpublished(), 1);
  assert.deepEqual([all.seen.aside, all.seen.lags.at(-1)], [1, 0]);
  const [line, ...others] = all.lines;
  assert.deepEqual(others, []);
  assert.deepEqual(line, {
    event: "outbox.row.setAside",
    ...{ outbox: "sales", row: 1, id: "sale-1", traceId, code: "OUTBOX_ROW_UNENCODABLE" },
    error: "row 1 (sale-1) of the outbox sales fits no record of sale-made",
  });
  await ended(all, relay);
});

test("relay: passes a row by whose value is gone, names it once, and publishes it when the value is back", async () => {
  const all = stage({ maxRows: 1 });
  all.write(saleOf(1), saleOf(2));
  all.table.orphans.add(1);
  const relay = all.start();
  for (let turn = 0; turn < 5; turn++) await all.step(relayDefaults.lagEveryMs);
  assert.deepEqual(all.amounts(), [2]);
  assert.deepEqual([all.seen.aside, all.seen.lags.at(-1)], [1, 0]);
  assert.deepEqual(all.lines, [
    { event: "outbox.row.setAside", outbox: "sales", row: 1, id: "sale-1", code: "OUTBOX_VALUE_LOST" },
  ]);
  assert.equal(relay.ready().ok, true);
  all.table.orphans.clear();
  for (let turn = 0; turn < 5; turn++) await all.step(relayDefaults.lagEveryMs);
  assert.deepEqual(all.amounts(), [2, 1]);
  assert.equal(all.seen.aside, 0);
  await ended(all, relay);
});

test("relay: ends when so many rows fit no record that the program must be wrong", async () => {
  const all = stage();
  all.write(...Array.from({ length: unfitMax + 1 }, (_, n) => saleOf(n)));
  const relay = all.start({ encode: unfitFor(() => true) });
  await all.step(0);
  const error = await relay.ended;
  assert.ok(error instanceof Fatal && error.code === "OUTBOX_ROW_UNENCODABLE");
  assert.equal(all.unpublished(), unfitMax + 1);
  await ended(all, relay);
});
