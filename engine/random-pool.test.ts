/** Random bytes by the draw. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pooledBytes } from "./random-pool.ts";

test("random pool: gives each byte once, however many are asked for, and draws anew when they do not reach", () => {
  const draws: number[] = [];
  let next = 0;
  const take = pooledBytes((size) => {
    draws.push(size);
    return Uint8Array.from({ length: size }, () => next++ % 251);
  });
  assert.deepEqual([...take(4)], [0, 1, 2, 3]);
  assert.deepEqual(
    [...take(16)],
    Array.from({ length: 16 }, (_, at) => 4 + at),
  );
  // 4,076 are left, and 4,077 do not come in two parts.
  take(4_077);
  assert.deepEqual(draws, [4_096, 4_096]);
});

test("random pool: throws, and gives no fewer bytes than it was asked for, when a draw does not reach", () => {
  const take = pooledBytes((size) => new Uint8Array(size));
  assert.throws(() => take(4_097), RangeError);
  assert.equal(take(4).length, 4);
});

test("random pool: gives bytes that stay when the pool is drawn anew", () => {
  const drawn = new Uint8Array(4_096);
  let draw = 0;
  const take = pooledBytes(() => drawn.fill(++draw));
  const first = take(4);
  take(4_096);
  assert.deepEqual([...first], [1, 1, 1, 1]);
});
