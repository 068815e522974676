/** The guide to the DSL shows what compiles: its snippets are the text of dsl-doc.types.ts. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

/** Without comments, blanks, and what a formatter puts in or leaves out. */
const bare = (text: string): string =>
  text
    .replaceAll(/\/\/.*$/gm, "")
    .replaceAll(/[\s;]/g, "")
    .replaceAll(/,(?=[)}\]])/g, "");

test("the DSL's guide: shows nothing but code that compiles, when its snippets are looked for there", () => {
  const guide = readFileSync(new URL("../../docs/dsl.md", import.meta.url), "utf8");
  const compiled = bare(readFileSync(new URL("dsl-doc.types.ts", import.meta.url), "utf8"));
  const snippets = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
  assert.ok(snippets.length >= 8, `${snippets.length} snippets`);
  for (const snippet of snippets) assert.ok(compiled.includes(bare(snippet)), `does not compile anywhere:\n${snippet}`);
});
