/** The tree of documents is whole: each page is listed, and each how-to is followed by a test. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryRoot } from "../../../dev/stack/layout.ts";
import { blocksOf, linksOf, namedBlocksOf, readPage } from "../../testing/documents.ts";
import { commandsOf } from "../../testing/shell-lines.ts";

test("documents: every page is in the list of docs/README.md", () => {
  const pages = globSync("docs/**/*.md", {
    cwd: repositoryRoot,
    exclude: ["docs/{adr,runbooks,pictures}/*", "docs/README.md"],
  });
  const listed = new Set(linksOf(readPage("docs/README.md")).map((link) => join("docs", link.split("#")[0] ?? "")));
  assert.deepEqual(pages.filter((page) => !listed.has(page)).toSorted(), []);
});

/** Which test follows a page and runs its commands. It fails where a block with a name is left. */
const triedBy: Readonly<Record<string, string>> = {
  "docs/restoring.md": "test/whole/restoring.int.test.ts",
  "docs/tutorial.md": "test/whole/package.int.test.ts",
  ...Object.fromEntries(
    [
      ...["add-a-topology", "add-a-step", "add-a-field", "roll-out-and-back", "replay-dead-letters", "rewind-a-group"],
      ...["rotate-the-token-secret", "grow-a-topic", "run-on-kubernetes", "load-test"],
    ].map((page) => [`docs/how-to/${page}.md`, "test/whole/how-to.int.test.ts"]),
  ),
};

test("documents: every how-to is followed by a test", () => {
  const howTos = globSync("docs/how-to/*.md", { cwd: repositoryRoot });
  assert.deepEqual(
    Object.keys(triedBy)
      .filter((page) => page.startsWith("docs/how-to/"))
      .toSorted(),
    howTos.toSorted(),
  );
  for (const [page, file] of Object.entries(triedBy)) {
    const name = page.startsWith("docs/how-to/") ? page.slice("docs/how-to/".length, -".md".length) : page;
    assert.ok(
      readFileSync(join(repositoryRoot, file), "utf8").includes(`"${name}"`),
      `${file} does not follow ${page}`,
    );
    assert.ok(namedBlocksOf(readPage(page)).size > 0, `${page} has no block with a name`);
  }
});

/** Commands of ours that neither a test nor what a change must pass runs, with the reason. */
const notRun: Readonly<Record<string, string>> = {
  "npm run bench -- baseline hot --requests 300000":
    "it fills tables with a million rows and takes minutes; it is run for docs/benchmarks.md",
};

test("documents: every command of ours in a how-to is in a block that is run, or says why not", () => {
  const left = Object.keys(triedBy).flatMap((page) =>
    blocksOf(readPage(page))
      .filter(({ language, text }) => language === "sh" && !/^# \S+\n/.test(text))
      .flatMap(({ text }) => commandsOf(text))
      .filter(([program]) => program === "sluice" || program === "npm")
      .map((words) => words.join(" ")),
  );
  const run = readFileSync(join(repositoryRoot, ".ci", "run"), "utf8").split("\n");
  assert.deepEqual(left.filter((command) => !run.includes(command)).toSorted(), Object.keys(notRun).toSorted());
});
