/** When dead letters are a flood. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFlood, createFloods } from "./flood.ts";

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

const unknown = (...unknownIds: readonly number[]) => ({ records: 0, deadLetters: 0, unknownIds });

test("flood: is none of schema ids that one record each names, however many there are", () => {
  const flood = createFlood(limits);
  const ids = Array.from({ length: 1_500 }, (_, id) => id);
  assert.equal(flood.wouldBe(unknown(...ids)), false);
  for (const id of ids) {
    assert.equal(flood.wouldBe(unknown(id)), false);
    flood.add(unknown(id));
  }
});

test("flood: is one of an unknown schema id that all records name, also where they come one by one", () => {
  const together = createFlood(limits);
  assert.equal(together.wouldBe(unknown(...Array.from({ length: 99 }, () => 7))), false);
  assert.equal(together.wouldBe(unknown(...Array.from({ length: 100 }, () => 7))), true);
  const apart = createFlood(limits);
  for (let n = 0; n < 99; n++) {
    assert.equal(apart.wouldBe(unknown(7)), false);
    apart.add(unknown(7));
  }
  assert.equal(apart.wouldBe(unknown(7)), true);
});

test("flood: counts an unknown schema id among good records by its share", () => {
  const flood = createFlood(limits);
  for (let n = 0; n < 10; n++) flood.add(round(100, 0));
  assert.equal(flood.wouldBe(unknown(...Array.from({ length: 500 }, () => 7))), false);
  assert.equal(flood.wouldBe(unknown(...Array.from({ length: 600 }, () => 7))), true);
});

test("flood: lets everything through when its share is 1", () => {
  const flood = createFlood({ ...limits, maxShare: 1 });
  assert.equal(flood.wouldBe(round(1_000, 1_000)), false);
});

test("floods: give a partition no new allowance when it is assigned again, and each partition its own", () => {
  const floods = createFloods(limits);
  for (let n = 0; n < 10; n++) {
    // As an assignment does: it asks for its flood, and decides a few rounds.
    const flood = floods.of("orders/0");
    if (flood.wouldBe(round(10, 10))) continue;
    flood.add(round(10, 10));
  }
  assert.equal(floods.of("orders/0").wouldBe(round(10, 10)), true);
  assert.equal(floods.of("orders/1").wouldBe(round(10, 10)), false);
});
