import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { writeOut } from "./out-file.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-out-"));
});
after(() => rm(folder, { recursive: true, force: true }));

test("writeOut: has the whole file under its name when the work is done", async () => {
  const file = join(folder, "whole");
  const lines = await writeOut(file, async ({ write }) => {
    for (let n = 0; n < 5_000; n += 1) await write(`line ${n}\n`);
    assert.deepEqual(await readdir(folder), ["whole.partial"]);
    return 5_000;
  });
  assert.equal((await readFile(file, "utf8")).split("\n").length, lines + 1);
});

test("writeOut: leaves nothing when the work fails", async () => {
  const failing = writeOut(join(folder, "half"), async ({ write }) => {
    await write("a line\n");
    throw new Error("no more");
  });
  await assert.rejects(failing, /no more/);
  assert.ok(!(await readdir(folder)).some((name) => name.startsWith("half")));
});

test("writeOut: says which file and why when it cannot be written", async () => {
  const missing = join(folder, "missing", "file");
  for (const file of [missing, folder])
    await assert.rejects(
      () => writeOut(file, ({ write }) => write("a line\n")),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "CANNOT_WRITE");
        assert.match(error.message, /cannot be written: (ENOENT|EISDIR|ENOTEMPTY)/);
        return true;
      },
    );
});
