/**
 * The TypeScript of the pages compiles: each block names a file and is text of it. Those of this repository are compiled with it,
 * those of examples/ by test/whole/package.int.test.ts.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryRoot } from "../../../dev/stack/layout.ts";
import { allPages, blocksOf } from "../../testing/documents.ts";

/** Without comments, blanks, and what a formatter puts in or leaves out. */
const bare = (text: string): string =>
  text
    .replaceAll(/\/\/.*$/gm, "")
    .replaceAll(/[\s;]/g, "")
    .replaceAll(/,(?=[)}\]])/g, "");

const snippets = allPages().flatMap((page) =>
  blocksOf(page)
    .filter(({ language }) => language === "ts")
    .map((block) => ({ ...block, where: `${page.file}:${block.line}` })),
);

const compiled = /^(engine|schemas|processors|sinks|topology|stores|api|ops|dev|test|examples)\/[\w/.-]+\.ts$/;

test("documents: every snippet of TypeScript is text of a file that is compiled", () => {
  for (const { where, info, text } of snippets) {
    assert.match(info, compiled, `${where}: expected \`\`\`ts and the file that has it`);
    const file = bare(readFileSync(join(repositoryRoot, info), "utf8"));
    assert.ok(file.includes(bare(text).replace(/,$/, "")), `${where}: ${info} does not contain\n${text}`);
  }
  assert.ok(snippets.length >= 20, `${snippets.length} snippets`);
});
