/** Keeps figures of the benchmark beside its document, and draws them. */
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../stack/layout.ts";
import { benchPictures, type KeptFigures, keptWith } from "./pictures.ts";
import type { BenchReport } from "./report.ts";

/** Where figures are kept, and where their charts are. */
export const figuresFile = join(repositoryRoot, "docs", "benchmarks.json");
export const picturesFolder = join(repositoryRoot, "docs", "pictures");

/** The figures that are kept; none where there is no file. */
export const readFigures = async (): Promise<KeptFigures> =>
  // Erasure: what was written here before.
  JSON.parse(await readFile(figuresFile, "utf8").catch(() => "{}")) as KeptFigures;

/** Puts a report's figures in the place of earlier ones, and draws all. Only for a report that is sound. */
export const writePictures = async (report: BenchReport): Promise<void> => {
  const made = { on: new Date().toISOString().slice(0, 10), machine: `${cpus().length} cores` };
  const kept = keptWith(await readFigures(), report, made);
  await writeFile(figuresFile, `${JSON.stringify(kept, null, 1)}\n`);
  for (const [file, picture] of benchPictures(kept)) await writeFile(join(picturesFolder, file), picture);
};
