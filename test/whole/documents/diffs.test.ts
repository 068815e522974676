/** What the how-tos change fits the tree as it is; test/whole/how-to.int.test.ts runs what comes of it. */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { test } from "node:test";
import { repositoryRoot } from "../../../dev/stack/layout.ts";
import { patchedFiles } from "../../proofs/evolve/release.ts";
import { readPage } from "../../testing/documents.ts";
import { diffsOf } from "../../testing/page-diffs.ts";

/** Pages that go on from another one. */
const goesOnFrom: Readonly<Record<string, string>> = { "docs/how-to/add-a-step.md": "docs/how-to/add-a-topology.md" };

for (const file of globSync("docs/how-to/*.md", { cwd: repositoryRoot }).toSorted()) {
  const pages = [goesOnFrom[file], file].flatMap((page) => page ?? []);
  const diffs = pages.flatMap((page) => diffsOf(readPage(page)));
  if (diffs.length === 0) continue;
  test(`documents: what ${file} changes is there to be changed`, async () => {
    assert.ok((await patchedFiles({ root: repositoryRoot }, diffs)).size > 0);
  });
}
