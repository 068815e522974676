/** When dead letters are a flood. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFlood } from "./flood.ts";

const limits = { windowRecords: 1_000, minRecords: 100, maxShare: 0.5 };
const round = (records: number, deadLetters: number) => ({ records, deadLetters });

test("flood: is none while there are too few records to tell", () => {
  const flood = createFlood(limits);
  for (let n = 0; n < 99; n++) {
    assert.equal(flood.wouldBe(round(1, 1)), false);
    flood.add(round(1, 1));
  }
  assert.equal(flood.wouldBe(round(1, 1)), true);
});

test("flood: is none of a little poison, however long it goes on", () => {
  const flood = createFlood(limits);
  for (let n = 0; n < 1_000; n++) {
    assert.equal(flood.wouldBe(round(100, n % 7)), false);
    flood.add(round(100, n % 7));
  }
});

test("flood: is one when more than its share of the latest records would be dead letters, whatever was before", () => {
  const flood = createFlood(limits);
  for (let n = 0; n < 100; n++) flood.add(round(100, 0));
  for (let n = 0; n < 5; n++) {
    assert.equal(flood.wouldBe(round(100, 100)), false, `${n} hundred of a thousand`);
    flood.add(round(100, 100));
  }
  assert.equal(flood.wouldBe(round(100, 100)), true);
  assert.equal(flood.wouldBe(round(100, 0)), false, "a good round is never held");
});

test("flood: lets everything through when its share is 1", () => {
  const flood = createFlood({ ...limits, maxShare: 1 });
  assert.equal(flood.wouldBe(round(1_000, 1_000)), false);
});
