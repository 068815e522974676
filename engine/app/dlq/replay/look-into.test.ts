/** What is said of a transform that fails. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { aLetter } from "../../../dlq/testing/samples.ts";
import { failureWarning } from "./look-into.ts";

test("failureWarning: names the first letter and why when a transform failed at some", () => {
  const failures = [1, 2].map((n) => ({ letter: aLetter(n), error: new TypeError(`its key has to stay\u001b ${n}`) }));
  assert.deepEqual(failureWarning(failures), [
    "the transform failed at 2 letter(s), first at in/1/1: its key has to stay· 1",
  ]);
});

test("failureWarning: says nothing when it failed at none", () => assert.deepEqual(failureWarning([]), []));
