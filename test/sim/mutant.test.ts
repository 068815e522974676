/** Mutants are found however their statement is wrapped, and one that is not found is named: a refactoring shows at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mutants } from "./coupons/mutants.ts";
import { brokenSource, type Mutant, readBroken } from "./mutant.ts";

const mutant: Mutant = {
  ...{ kind: "coupons", breaks: "sum: one too few", file: "sum.ts" },
  ...{ line: "return add(a, { by: b });", instead: "return a;" },
};

for (const source of [
  "return add(a, { by: b });",
  "  return add(\n    a,\n    { by: b },\n  );",
  "return add(a, {\n  by: b,\n});",
])
  test(`mutant: breaks its statement when it is written as ${JSON.stringify(source)}`, () => {
    assert.equal(brokenSource(mutant, `${source}\nreturned add;`).trim(), "return a;\nreturned add;");
  });

test("mutant: names itself and the nearest line when its statement is not there", () => {
  assert.throws(
    () => brokenSource(mutant, "const a = 1;\nreturn add(a, { to: b });"),
    (error: Error) => {
      assert.match(error.message, /"sum: one too few".*not there in sum\.ts/u);
      assert.match(error.message, /nearest: +2: return add\(a, \{ to: b \}\);/u);
      return true;
    },
  );
});

test("mutant: says how often its statement is there when that is more than once", () => {
  const twice = "return add(a, { by: b });\nreturn add(a, { by: b });";
  assert.throws(() => brokenSource(mutant, twice), /is there 2 times/u);
});

for (const one of mutants)
  test(`mutant: its statement is in ${one.file} once when broken is the ${one.breaks}`, () => {
    assert.notEqual(readBroken(one), "");
  });
