/**
 * Keeps figures of the benchmark beside its document, and draws them. After a change of the charts alone:
 * `npx node dev/bench/write-pictures.ts`.
 */
import { readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../stack/layout.ts";
import { benchPictures, type KeptFigures, keptWith } from "./pictures.ts";
import type { BenchReport } from "./report.ts";

/** Where figures are kept, and where their charts are. */
const figuresFile = join(repositoryRoot, "docs", "benchmarks.json");
export const picturesFolder = join(repositoryRoot, "docs", "pictures");

/** The figures that are kept; none where there is no file. */
export const readFigures = async (): Promise<KeptFigures> =>
  // Erasure: what was written here before.
  JSON.parse(await readFile(figuresFile, "utf8").catch(() => "{}")) as KeptFigures;

/** How many programs want the machine's cores now: to be asked before a run, which wants them too. */
export const loadNow = (): number => Math.round(loadavg()[0] ?? 0);

/** Puts a report's figures in the place of earlier ones, and draws all. Only for a report that is sound. */
export const writePictures = async (report: BenchReport, load: number): Promise<void> => {
  const made = { on: new Date().toISOString().slice(0, 10), machine: `${cpus().length} cores`, load };
  const kept = keptWith(await readFigures(), report, made);
  await writeFile(figuresFile, `${JSON.stringify(kept, null, 1)}\n`);
  await draw(kept);
};

const draw = async (kept: KeptFigures): Promise<void> => {
  for (const [file, picture] of benchPictures(kept)) await writeFile(join(picturesFolder, file), picture);
};

if (import.meta.main) await draw(await readFigures());
