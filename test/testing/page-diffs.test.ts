/** What the diffs of a page become. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { diffsOf } from "./page-diffs.ts";

test("diffsOf: makes a patch of each block, and a new file where all lines are new", () => {
  const text =
    "1. List:\n\n   ```diff a.ts\n    kept\n   -old\n   +new\n   ```\n\n```diff b/c.ts\n+one\n+\n+  two\n```\n";
  assert.deepEqual(diffsOf({ file: "", text }), [
    { file: "a.ts", from: "kept\nold", to: "kept\nnew" },
    { file: "b/c.ts", from: "", to: "one\n\n  two\n" },
  ]);
});
