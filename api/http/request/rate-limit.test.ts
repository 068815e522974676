// Token buckets: how many requests they let through in a time, whatever their order, and what they forget.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createBuckets } from "./rate-limit.ts";

const start = 1_800_000_000_000;

test("rate limit: lets a burst through, then as many as are earned", () => {
  const take = createBuckets({ perSecond: 10, burst: 5, maxUsers: 10 });
  assert.deepEqual(
    Array.from({ length: 5 }, () => take("a", start)),
    [0, 0, 0, 0, 0],
  );
  assert.equal(take("a", start), 100);
  assert.equal(take("a", start + 40), 60);
  assert.equal(take("a", start + 100), 0);
  assert.equal(take("a", start + 100), 100);
  // Idle for an hour, it has a burst again and no more.
  const later = start + 3_600_000;
  assert.deepEqual(
    Array.from({ length: 6 }, () => take("a", later)),
    [0, 0, 0, 0, 0, 100],
  );
});

test("rate limit: gives each user a bucket of their own", () => {
  const take = createBuckets({ perSecond: 1, burst: 1, maxUsers: 10 });
  assert.equal(take("a", start), 0);
  assert.equal(take("b", start), 0);
  assert.equal(take("a", start), 1_000);
});

test("rate limit: lets no more through in any time than the burst and what is earned in it, whoever else asks", () => {
  const asked = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 400 }), user: fc.constantFrom("a", "b") }));
  fc.assert(
    fc.property(asked, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 20 }), (asks, perSecond, burst) => {
      const take = createBuckets({ perSecond, burst, maxUsers: 10 });
      const passed: number[] = [];
      let now = start;
      for (const { afterMs, user } of asks) {
        now += afterMs;
        if (take(user, now) === 0 && user === "a") passed.push(now);
      }
      passed.forEach((from, first) => {
        passed.slice(first).forEach((to, more) => {
          const earned = burst + ((to - from) * perSecond) / 1_000;
          assert.ok(more + 1 <= earned + 1e-6, `${more + 1} in ${to - from} ms`);
        });
      });
    }),
  );
});

test("rate limit: is at most an empty bucket when the clock is set back", () => {
  const take = createBuckets({ perSecond: 10, burst: 5, maxUsers: 10 });
  take("a", start);
  const before = start - 3_600_000;
  assert.ok(take("a", before) <= 100);
  assert.equal(take("a", before + 100), 0);
});

test("rate limit: remembers no more users than it may, those who asked last", () => {
  const take = createBuckets({ perSecond: 1, burst: 1, maxUsers: 2 });
  for (const user of ["a", "b", "c"]) assert.equal(take(user, start), 0);
  assert.equal(take("c", start), 1_000);
  assert.equal(take("b", start), 1_000);
  assert.equal(take("a", start), 0);
});
