/** A map that forgets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLru } from "./lru.ts";

test("lru: forgets what was used longest ago when there is too much", () => {
  const lru = createLru<string, number>(2);
  lru.set("a", 1);
  lru.set("b", 2);
  assert.equal(lru.get("a"), 1);
  lru.set("c", 3);
  assert.deepEqual([lru.get("a"), lru.get("b"), lru.get("c")], [1, undefined, 3]);
});

test("lru: replaces a value and forgets nothing when the key is known", () => {
  const lru = createLru<string, number>(2);
  lru.set("a", 1);
  lru.set("b", 2);
  lru.set("a", 3);
  assert.deepEqual([lru.get("a"), lru.get("b")], [3, 2]);
});

test("lru: keeps what is used all the time and the half used last, and no more than it may, whatever else comes", () => {
  const lru = createLru<number, number>(10);
  lru.set(0, 0);
  for (let key = 1; key <= 1_000; key++) {
    lru.set(key, key);
    assert.equal(lru.get(0), 0);
  }
  const kept = Array.from({ length: 1_000 }, (_, at) => 1_000 - at).filter((key) => lru.get(key) !== undefined);
  assert.ok(kept.length <= 9, String(kept.length));
  assert.deepEqual(kept.slice(0, 4), [1_000, 999, 998, 997]);
});

test("lru: keeps nothing when it may keep nothing", () => {
  const lru = createLru<string, number>(0);
  lru.set("a", 1);
  assert.equal(lru.get("a"), undefined);
});
