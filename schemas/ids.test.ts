/** Ids: what is looked at character by character, against the expressions that say what it is. */
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { isUuid, isUuid7, reservationIdPattern, uuidPattern } from "./ids.ts";

const anyUuid = fc.uuid();
/** One character of an id is another one, or the id is cut, or longer. */
const nearUuid = fc
  .record({ id: anyUuid, at: fc.nat(35), by: fc.string({ unit: "binary-ascii", maxLength: 2 }), end: fc.nat(40) })
  .map(({ id, at, by, end }) => `${id.slice(0, at)}${by}${id.slice(at + 1)}`.slice(0, Math.max(30, end)));
const edges = ["/", "0", "9", ":", "`", "a", "f", "g", "A", "-", "\u0130", "\n"];

for (const [name, is, pattern] of [
  ["uuid", isUuid, uuidPattern],
  ["uuid of version 7", isUuid7, reservationIdPattern],
] as const)
  test(`${name}: is what its pattern says, whatever is changed in one`, () => {
    const expected = new RegExp(pattern);
    const same = (id: string): void => assert.equal(is(id), expected.test(id), JSON.stringify(id));
    fc.assert(fc.property(fc.oneof(anyUuid, nearUuid, fc.uuid({ version: 7 })), same), { numRuns: 1_000 });
    const id = "0190a0b0-1234-7abc-89ef-0123456789ab";
    same(id);
    for (let at = 0; at <= id.length; at++)
      for (const edge of edges) {
        same(`${id.slice(0, at)}${edge}${id.slice(at + 1)}`);
        same(`${id.slice(0, at)}${edge}${id.slice(at)}`);
      }
  });
