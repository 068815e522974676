/** How the lines of a shell are read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { commandsOf } from "./shell-lines.ts";

test("commandsOf: reads words as a shell does when a line has quotes, comments and a continuation", () => {
  assert.deepEqual(commandsOf(`A=1 sluice a "b c" \\\n  --d='e f' # not this\n\n# nor this\nexport B=2`), [
    ["sluice", "a", "b c", "--d=e f"],
    ["export", "B=2"],
  ]);
});

test("commandsOf: finds each command when they are joined, piped or within another", () => {
  assert.deepEqual(commandsOf("T=$(sluice token --user you)\na | b && c > out; d < in || test $? -eq 3"), [
    ["a"],
    ["b"],
    ["c"],
    ["d"],
    ["test", "$?", "-eq", "3"],
    ["sluice", "token", "--user", "you"],
  ]);
});

test("commandsOf: refuses when a quote is not closed", () => {
  assert.throws(() => commandsOf("a 'b"), /not closed/);
});
