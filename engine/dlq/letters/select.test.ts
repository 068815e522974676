/** Which letters each condition means, and what means nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { aLetter } from "../testing/samples.ts";
import type { Letter } from "./letter.ts";
import { BadSelection, isUnrestricted, type Selection, selectLetters } from "./select.ts";
import type { LetterState, Standing } from "./state.ts";

const standing = (letter: Letter, state: LetterState = "open"): Standing => ({ letter, state, copies: 0, retries: [] });
const all = [
  standing(aLetter(5, { fingerprint: "ab12", code: "A", node: "first", "last-at": "5000", partition: "0" })),
  standing(aLetter(2, { fingerprint: "ab34", code: "B", kind: "in-doubt", "last-at": "2000", attempt: "2" })),
  standing(aLetter(10, { fingerprint: "ab", code: "B", "last-at": "9000" }), "resolved"),
  standing(aLetter(9, { fingerprint: "cd", topic: "another", attempt: "3" }), "pending"),
];
const offsets = (selection: Selection) =>
  selectLetters(all, selection).map(({ letter }) => Number(letter.origin.offset));

const cases: readonly [what: string, Selection, readonly number[]][] = [
  ["nothing is asked, in the order of origins", {}, [9, 5, 2, 10]],
  ["a state is asked", { states: ["open"] }, [5, 2]],
  ["an id is asked", { ids: ["in/1/2"] }, [2]],
  ["an id with its timestamp is asked", { ids: ["in/1/2@1000", "another/1/9"] }, [9, 2]],
  ["the beginning of a fingerprint is asked", { fingerprint: "ab1" }, [5]],
  ["a whole fingerprint is asked that others begin with", { fingerprint: "ab" }, [10]],
  ["a code and a kind are asked", { code: "B", kind: "in-doubt" }, [2]],
  ["a node is asked", { node: "first" }, [5]],
  ["a key is asked", { key: "k", states: ["pending"] }, [9]],
  ["another key is asked", { key: "K" }, []],
  ["a time is asked, without its end", { since: 2_000, until: 9_000, states: ["open"] }, [5, 2]],
  ["attempts under three are asked", { attempt: { below: 3 } }, [5, 2, 10]],
  ["the third attempt is asked", { attempt: { is: 3 } }, [9]],
  ["a limit is asked", { limit: 2 }, [9, 5]],
];
for (const [what, selection, expected] of cases)
  test(`selectLetters: answers ${expected.join(", ") || "nothing"} when ${what}`, () =>
    assert.deepEqual(offsets(selection), expected));

const wrong: readonly [code: string, Selection][] = [
  ["BAD_LETTER_ID", { ids: ["in"] }],
  ["NO_SUCH_LETTER", { ids: ["in/1/3"] }],
  ["NO_SUCH_LETTER", { ids: ["in/1/2@77"] }],
  ["NO_SUCH_FINGERPRINT", { fingerprint: "ef" }],
  ["AMBIGUOUS_FINGERPRINT", { fingerprint: "a" }],
  ["SINCE_AFTER_UNTIL", { since: 5, until: 5 }],
];
for (const [code, selection] of wrong)
  test(`selectLetters: refuses with ${code} when asked ${JSON.stringify(selection)}`, () => {
    assert.throws(
      () => selectLetters(all, selection),
      (error) => error instanceof BadSelection && error.code === code,
    );
  });

test("isUnrestricted: is true when nothing but states is asked", () => {
  assert.ok(isUnrestricted({ states: ["open"] }));
  assert.ok(!isUnrestricted({ states: ["open"], limit: 5 }));
  assert.ok(!isUnrestricted({ code: "A" }));
});
