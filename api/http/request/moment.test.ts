// Moments as text: which there are, and that they are written as they were read.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { momentSchema, textOfMoment } from "./moment.ts";

const momentFrom = (text: unknown): number | undefined => momentSchema.safeParse(text).data;

test("moment: is read with its time zone", () => {
  assert.equal(momentFrom("2027-01-15T12:00:00+09:00"), Date.UTC(2027, 0, 15, 3));
  assert.equal(momentFrom("2027-01-15T12:00:00-01:30"), Date.UTC(2027, 0, 15, 13, 30));
  assert.equal(momentFrom("2027-01-15T12:00:00.5Z"), Date.UTC(2027, 0, 15, 12, 0, 0, 500));
  assert.equal(momentFrom("2028-02-29T00:00:00Z"), Date.UTC(2028, 1, 29));
});

test("moment: is none when it has no zone, no such day, or another form", () => {
  const wrong = [
    "2027-01-15T12:00:00",
    "2027-01-15T12:00Z",
    "2027-01-15t12:00:00z",
    "2027-1-15T12:00:00Z",
    "2027-02-29T00:00:00Z",
    "2027-04-31T00:00:00Z",
    "2027-13-01T00:00:00Z",
    "2027-00-01T00:00:00Z",
    "2027-01-00T00:00:00Z",
    "2027-01-15T24:00:00Z",
    "2027-01-15T12:60:00Z",
    "2016-12-31T23:59:60Z",
    "2027-01-15T12:00:00.0001Z",
    "2027-01-15T12:00:00+24:00",
    "+002027-01-15T12:00:00Z",
    "1969-12-31T23:59:59Z",
    "9999-12-31T23:59:59-01:00",
    "2027-01-15T12:00:00Z\n",
    "",
  ];
  for (const text of [...wrong, 0, null, undefined, new Date(0)])
    assert.equal(momentFrom(text), undefined, String(text));
});

test("moment: is read as it was written", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (at) =>
      assert.equal(momentFrom(textOfMoment(at)), at),
    ),
  );
});
