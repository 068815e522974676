/** Numbers and times as people read them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, counted, duration, moment, perSecond } from "./formats.ts";

test("duration: has one or two units when it is short or long", () => {
  const all = [0, 59_999, 60_000, 200_000, 600_000, 3_600_000, 3_960_000, 172_800_000];
  assert.deepEqual(all.map(duration), ["0 s", "59 s", "1 min", "3 min 20 s", "10 min", "1 h", "1 h 6 min", "2 d"]);
  assert.equal(duration(-5), "0 s");
});

test("perSecond: has a tenth below ten, and commas above a thousand, when it is written", () => {
  assert.deepEqual([0, 0.25, 3, 12.4, 12_345.6].map(perSecond), ["0/s", "0.3/s", "3/s", "12/s", "12,346/s"]);
});

test("formats: say counts, bytes and moments when they are written", () => {
  assert.deepEqual([counted(1, "worker"), counted(2_000, "worker")], ["1 worker", "2,000 workers"]);
  assert.deepEqual([bytes(2_048), bytes(157_286_400)], ["2 kB", "150 MB"]);
  assert.match(moment(0), /^19(69|70)-\d\d-\d\d \d\d:\d\d:00$/);
});
