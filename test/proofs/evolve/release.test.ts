/** A release differs from the tree only where it was meant to. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { repositoryRoot } from "../../../dev/stack/layout.ts";
import { additions } from "./additions.ts";
import { breaks } from "./refused.ts";
import { patched, patchedFiles, releaseAt, releaseFrom, removeRelease, runSluice } from "./release.ts";

const base = releaseAt("base", repositoryRoot);

test("patched: puts a text in the place of another when it is there once, and refuses when it is not", () => {
  const patch = { file: "a.ts", from: "b", to: "$&" };
  assert.equal(patched("abc", patch), "a$&c");
  assert.throws(() => patched("ac", patch), /a\.ts: expected "b" once, it is there 0 times/);
  assert.throws(() => patched("abcb", patch), /2 times/);
});

test("releaseFrom: makes nothing when a patch does not fit", async () => {
  const patch = { file: "package.json", from: "no such text", to: "" };
  await assert.rejects(releaseFrom(base, "test", [patch]), /mend the patch/);
  const made = (await readdir(tmpdir())).filter((name) => name.startsWith("sluice-release-test-"));
  assert.deepEqual(made, []);
});

test("releaseFrom: makes a tree that runs and declares the new fields when the patches are those of the proof", async () => {
  const patches = additions.flatMap((one) => one.patches);
  const release = await releaseFrom(base, "runs", patches);
  try {
    const { exitCode, text } = await runSluice(release, process.env, ["topology", "graph", "--format", "json"]);
    assert.equal(exitCode, 0, text);
    for (const field of ["channel", "campaign"]) assert.match(text, new RegExp(`"name": "${field}"`));
  } finally {
    await removeRelease(release);
  }
});

for (const { what, patches } of breaks)
  test(`patchedFiles: fits when the change is ${what}`, async () => {
    assert.equal((await patchedFiles(base, patches)).size, 1);
  });
