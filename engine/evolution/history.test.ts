/** Versions as files: what is written, what is read again, and what is wrong with files that somebody changed. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { BadHistory, folderHistory, type History } from "./history.ts";

const first = { type: "record", name: "R", fields: [{ name: "t", type: "string" }] };
const second = { ...first, fields: [...first.fields, { name: "n", type: "int", default: 0 }] };

const inFolder = async (work: (history: History, folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "history-"));
  try {
    await work(folderHistory(pathToFileURL(`${folder}/versions/`)), join(folder, "versions"));
  } finally {
    await rm(folder, { recursive: true });
  }
};

test("history: has no versions and no subjects when there is no folder", () =>
  inFolder(async (history) => {
    assert.deepEqual(await history.versions("s-value"), []);
    assert.deepEqual(await history.subjects(), []);
  }));

test("history: numbers what is appended, and appends what is the last one already not again", () =>
  inFolder(async (history, folder) => {
    assert.equal(await history.append("s-value", first), 1);
    assert.equal(await history.append("s-value", { doc: "the same", ...first }), 1);
    assert.equal(await history.append("s-value", second), 2);
    assert.equal(await history.append("s-value", first), 3);
    assert.deepEqual(await history.versions("s-value"), [
      ...[
        { number: 1, avro: first },
        { number: 2, avro: second },
        { number: 3, avro: first },
      ],
    ]);
    assert.deepEqual(await history.subjects(), ["s-value"]);
    assert.deepEqual((await readdir(join(folder, "s-value"))).toSorted(), ["1.avsc", "2.avsc", "3.avsc"]);
  }));

test("history: writes one version when two append at once, and never half of one", () =>
  inFolder(async (history) => {
    const ended = await Promise.allSettled([history.append("s-value", first), history.append("s-value", second)]);
    assert.ok(ended.some(({ status }) => status === "fulfilled"));
    assert.ok(ended.every((one) => one.status === "fulfilled" || one.reason instanceof BadHistory));
    assert.ok((await history.versions("s-value")).length >= 1);
  }));

const bad: readonly [what: string, file: string, text: string][] = [
  ["a version is missing", "2.avsc", JSON.stringify(first)],
  ["a file is empty", "1.avsc", ""],
  ["a file is cut off", "1.avsc", '{"type":"rec'],
  ["a file is no Avro", "1.avsc", '{"type":"recrod","name":"R"}'],
  ["a file has another name", "one.avsc", JSON.stringify(first)],
  ["a number begins with 0", "01.avsc", JSON.stringify(first)],
];
for (const [what, file, text] of bad) {
  test(`history: refuses when ${what}, and names the file`, () =>
    inFolder(async (history, folder) => {
      await mkdir(join(folder, "s-value"), { recursive: true });
      await writeFile(join(folder, "s-value", file), text);
      await assert.rejects(
        history.versions("s-value"),
        (error) => error instanceof BadHistory && error.message.includes("s-value"),
      );
      await assert.rejects(history.append("s-value", first), BadHistory);
    }));
}
