/** The lag of a feed: it grows while nothing is fetched, and is 0 when everything that can be read is finished. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFeedLag } from "./feed-lag.ts";
import { createLedger } from "./ledger.ts";

const stage = () => {
  const ledger = createLedger();
  return { ledger, lag: createFeedLag(ledger) };
};

test("feed lag: is nothing when nothing is known", () => {
  const { lag } = stage();
  assert.deepEqual([lag.records(), lag.ageMs(1_000)], [0, 0]);
});

test("feed lag: grows when the partition grows and nothing is fetched", () => {
  const { ledger, lag } = stage();
  ledger.register(0n, 500);
  lag.fetched({ next: 1n, end: 1n }, 600);
  assert.deepEqual([lag.records(), lag.ageMs(1_500)], [1, 1_000]);
  lag.measured({ next: 1n, end: 1_000n }, 2_000);
  assert.deepEqual([lag.records(), lag.ageMs(2_500)], [1_000, 2_000]);
});

test("feed lag: is 0 when all is finished and only markers or aborted records are left", () => {
  const { ledger, lag } = stage();
  const entry = ledger.register(4n, 500);
  lag.fetched({ next: 5n, end: 9n }, 600);
  ledger.finish(entry);
  assert.equal(lag.records(), 4);
  lag.measured({ next: 9n, end: 9n }, 700);
  assert.deepEqual([lag.records(), lag.ageMs(900)], [0, 0]);
});

test("feed lag: counts no record of an open transaction when a fetch says a later end than the log", () => {
  const { ledger, lag } = stage();
  lag.measured({ next: 5n, end: 5n }, 100);
  ledger.finish(ledger.register(5n, 150));
  lag.fetched({ next: 6n, end: 50n }, 200);
  assert.equal(lag.records(), 0);
});

test("feed lag: is as old as it is known when the first unfinished record is not fetched yet", () => {
  const { lag } = stage();
  lag.measured({ next: 0n, end: 7n }, 1_000);
  lag.measured({ next: 0n, end: 9n }, 2_000);
  assert.deepEqual([lag.records(), lag.ageMs(3_000)], [9, 2_000]);
  lag.measured({ next: 9n, end: 9n }, 4_000);
  lag.measured({ next: 9n, end: 10n }, 5_000);
  assert.equal(lag.ageMs(5_500), 500);
});

test("feed lag: is never negative when the broker's clock is ahead", () => {
  const { ledger, lag } = stage();
  ledger.register(0n, 5_000);
  lag.fetched({ next: 1n, end: 1n }, 1_000);
  assert.equal(lag.ageMs(1_000), 0);
});
