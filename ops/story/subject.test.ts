/** What somebody types, and what it may be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidArgumentError } from "commander";
import { askedOf, madeAt } from "./subject.ts";

const uuid = "01890000-0000-7000-8000-00000000000a";

test("askedOf: knows a UUID, a record's place and a name when it sees one", () => {
  assert.deepEqual(askedOf(uuid.toUpperCase()), { kind: "uuid", id: uuid });
  const place = { topic: "coupon-issue", partition: 3, offset: 42n };
  assert.deepEqual(askedOf("coupon-issue/3/42"), { kind: "place", place });
  for (const id of ["summer", "auth0|123", "a/b", "ann@example.com"])
    assert.deepEqual(askedOf(id), { kind: "name", id });
});

test("askedOf: is refused when a text can be no id", () => {
  for (const text of ["", "a b", "\u0000", "x".repeat(256)]) assert.throws(() => askedOf(text), InvalidArgumentError);
});

test("madeAt: reads the time of a UUIDv7, and of no other, when it is asked", () => {
  assert.equal(madeAt(uuid), 0x0189_0000_0000);
  assert.equal(madeAt("01890000-0000-4000-8000-00000000000a"), undefined);
});
