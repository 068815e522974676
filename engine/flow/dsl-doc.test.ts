/** The guide to the DSL shows what compiles: its snippets are text of two files that are compiled and never run. */
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
  const read = (path: string): string => bare(readFileSync(new URL(path, import.meta.url), "utf8"));
  const compiled = read("dsl-doc.types.ts") + read("../avro/declare/records-doc.types.ts");
  const snippets = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
  assert.ok(snippets.length >= 8, `${snippets.length} snippets`);
  for (const snippet of snippets) assert.ok(compiled.includes(bare(snippet)), `does not compile anywhere:\n${snippet}`);
});
