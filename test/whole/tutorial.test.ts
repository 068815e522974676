/** The tutorial shows the code of the examples, which test/whole/package.int.test.ts installs, compiles and runs. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryRoot } from "../../dev/stack/layout.ts";

const read = (path: string): Promise<string> => readFile(join(repositoryRoot, path), "utf8");

test("tutorial: every snippet is text of the file it names", async () => {
  const snippets = [...(await read("docs/tutorial.md")).matchAll(/```ts(.*)\n([\s\S]*?)```/g)];
  assert.ok(snippets.length >= 9, `${snippets.length} snippets`);
  for (const [, name = "", text = ""] of snippets) {
    assert.match(name, /^ examples\//, `a snippet names no file: ${text}`);
    assert.ok((await read(name.trim())).includes(text), `${name.trim()} does not contain:\n${text}`);
  }
});
