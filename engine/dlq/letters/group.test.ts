/** Letters by cause. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { aLetter } from "../testing/samples.ts";
import { groupsOf } from "./group.ts";
import type { LetterState, Standing } from "./state.ts";

const standing = (offset: number, over: Readonly<Record<string, string>>, state: LetterState = "open"): Standing => ({
  letter: aLetter(offset, over),
  state,
  copies: 0,
  retries: [],
});

test("groupsOf: counts records, open and pending ones, first and last seen, when some failed again", () => {
  const groups = groupsOf(
    [
      standing(1, { fingerprint: "a" }, "failed-again"),
      standing(1, { fingerprint: "b", attempt: "2", "last-at": "9000" }),
      standing(2, { fingerprint: "b", "first-at": "500" }, "pending"),
      standing(3, { fingerprint: "b" }, "resolved"),
      standing(4, { fingerprint: "c" }),
      standing(5, { fingerprint: "c" }),
    ],
    ({ letter }) => letter.origin.offset !== 4n,
  );
  assert.deepEqual(
    groups.map(({ fingerprint, letters, open, pending, readable }) => [fingerprint, letters, open, pending, readable]),
    [
      ["c", 2, 2, 0, { yes: 1, of: 2 }],
      ["b", 3, 1, 1, { yes: 2, of: 2 }],
    ],
  );
  const [, b] = groups;
  assert.deepEqual([b?.firstAt, b?.lastAt, b?.minAttempt, b?.maxAttempt], [500, 9_000, 1, 2]);
});

test("groupsOf: does not say what is readable when nobody looked", () => {
  assert.deepEqual(groupsOf([standing(1, {})])[0]?.readable, null);
});
