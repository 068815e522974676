/** A release differs from the tree only where it was meant to. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { repositoryRoot } from "../../../dev/stack/layout.ts";
import { additions } from "./additions.ts";
import { breaks } from "./refused.ts";
import { patched, releaseAt, releaseFrom, removeRelease, runSluice } from "./release.ts";

const base = releaseAt("base", repositoryRoot);
const copies = async () => (await readdir(tmpdir())).filter((name) => name.startsWith("sluice-release-test"));

test("patched: puts a text in the place of another when it is there once, and refuses when it is not", () => {
  const patch = { file: "a.ts", from: "b", to: "$&" };
  assert.equal(patched("abc", patch), "a$&c");
  assert.throws(() => patched("ac", patch), /a\.ts: expected "b" once, it is there 0 times/);
  assert.throws(() => patched("abcb", patch), /2 times/);
});

test("releaseFrom: leaves nothing when a patch does not fit", async () => {
  const before = await copies();
  await assert.rejects(
    releaseFrom(base, "test", [{ file: "package.json", from: "no such text", to: "" }]),
    /mend the patch/,
  );
  assert.deepEqual(await copies(), before);
});

test("releaseFrom: makes trees that run, each on the one before, when the patches are those of the proof", async () => {
  let last = base;
  const made = [];
  try {
    for (const { name, patches } of [
      ...additions,
      ...breaks.map((one) => ({ name: "breaks", patches: one.patches })),
    ]) {
      const release = await releaseFrom(last, `test-${name}`, patches);
      made.push(release);
      if (name !== "breaks") last = release;
      const { exitCode, text } = await runSluice(release, process.env, ["schema", "check", "--offline", "--json"]);
      // Not recorded yet, or refused: exit code 4 either way, and it loaded.
      assert.equal(exitCode, 4, text);
    }
  } finally {
    await Promise.all(made.map(removeRelease));
  }
});
