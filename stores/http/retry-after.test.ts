/** Retry-After: what servers may say, and what they say all the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { retryAfterMaxMs, retryAfterMs } from "./retry-after.ts";

const now = Date.parse("Tue, 24 Nov 2026 02:00:00 GMT");

test("retry-after: reads seconds and dates", () => {
  assert.equal(retryAfterMs("0", now), 0);
  assert.equal(retryAfterMs(" 7 ", now), 7_000);
  assert.equal(retryAfterMs("Tue, 24 Nov 2026 02:00:05 GMT", now), 5_000);
  assert.equal(retryAfterMs("Tue, 24 Nov 2026 01:00:00 GMT", now), 0);
});

test("retry-after: waits no longer than a minute when it is asked to", () => {
  assert.equal(retryAfterMs("86400", now), retryAfterMaxMs);
  assert.equal(retryAfterMs("Fri, 01 Jan 2100 00:00:00 GMT", now), retryAfterMaxMs);
});

test("retry-after: says nothing when it is absent or not of the RFC", () => {
  const nothing = [
    undefined,
    "",
    "soon",
    "-1",
    "1.5",
    "1e3",
    "0x10",
    "99999999999",
    "2026-11-24T02:00:05Z",
    ["1", "2"],
  ];
  for (const header of nothing) assert.equal(retryAfterMs(header, now), undefined, String(header));
});
