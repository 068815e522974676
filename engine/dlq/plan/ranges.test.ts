/** Places as few numbers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { countPlaces, mergeOffsets, packPlaces, placesIn } from "./ranges.ts";

const places = [5n, 1n, 2n, 3n, 9n, 2n].map((offset) => ({ partition: 10, offset }));

test("packPlaces: merges neighbours, and keeps partitions in their order", () => {
  assert.deepEqual(packPlaces([...places, { partition: 2, offset: 0n }]), { 2: "0", 10: "1-3,5,9" });
  assert.deepEqual(packPlaces([]), {});
});

test("placesIn: has exactly the places that were packed", () => {
  const isIn = placesIn(packPlaces(places));
  const found = Array.from({ length: 12 }, (_, n) => BigInt(n)).filter((offset) => isIn({ partition: 10, offset }));
  assert.deepEqual(found, [1n, 2n, 3n, 5n, 9n]);
  assert.ok(!isIn({ partition: 2, offset: 1n }));
  assert.equal(countPlaces(packPlaces(places)), 5);
});

for (const text of ["", "a", "1-", "3-1", "1,,2", "-1"])
  test(`placesIn: refuses ${JSON.stringify(text)} when a file was edited`, () => {
    assert.throws(() => placesIn({ 0: text }), RangeError);
  });

test("mergeOffsets: reads over a gap when it is small enough", () => {
  assert.deepEqual(mergeOffsets(1, [1n, 4n, 20n], 2n), [
    { partition: 1, from: 1n, end: 5n },
    { partition: 1, from: 20n, end: 21n },
  ]);
});
