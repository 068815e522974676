/** The versions of each subject as files of the repository, `<subject>/<n>.avsc`: what a build checks without any registry. */
import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AvroJson } from "../avro/avro.ts";
import { isSameSchema, type Version } from "./rules.ts";
import { shapeOf } from "./shape.ts";

/** The files are not as they were written: one is missing, is no Avro, or has another name. */
export class BadHistory extends Error {
  readonly code = "BAD_HISTORY";
  constructor(file: string, what: string, options?: ErrorOptions) {
    super(
      `${file}: ${what}; the versions are written by \`sluice schema evolve\` and never changed: restore it`,
      options,
    );
  }
}

/** A folder of versions. */
export interface History {
  /** The versions of a subject, from 1 on, ascending; none for one that has none. @throws BadHistory */
  readonly versions: (subject: string) => Promise<readonly Version[]>;
  /** Subjects that have versions, by name. */
  readonly subjects: () => Promise<readonly string[]>;
  /**
   * Writes a schema down as the next version, unless it is the last one already; answers its number.
   * Cut off before its end, nothing is there; idempotent. @throws BadHistory
   */
  readonly append: (subject: string, avro: AvroJson) => Promise<number>;
  /** The path of a version's file, for messages. */
  readonly file: (subject: string, number: number) => string;
}

/** The history in a folder, which may be missing: then there is none yet. */
export const folderHistory = (folder: URL): History => {
  const root = fileURLToPath(folder);
  const file = (subject: string, number: number): string => join(root, subject, `${number}.avsc`);
  const versions = async (subject: string): Promise<readonly Version[]> => {
    const numbers = (await namesIn(join(root, subject))).map((name) => numberOf(join(root, subject, name)));
    const sorted = numbers.toSorted((a, b) => a - b);
    const gap = sorted.findIndex((number, at) => number !== at + 1);
    if (gap >= 0) throw new BadHistory(file(subject, gap + 1), "this version is missing");
    return Promise.all(sorted.map(async (number) => ({ number, avro: await readVersion(file(subject, number)) })));
  };
  return {
    file,
    versions,
    subjects: async () => (await namesIn(root)).toSorted(),
    append: async (subject, avro) => {
      const last = (await versions(subject)).at(-1);
      if (last !== undefined && isSameSchema(last.avro, avro)) return last.number;
      const number = (last?.number ?? 0) + 1;
      await writeWhole(file(subject, number), `${JSON.stringify(avro, null, 2)}\n`);
      return number;
    },
  };
};

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith("."));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
};

const numberOf = (path: string): number => {
  const number = /(?:^|[/\\])([1-9]\d{0,5})\.avsc$/.exec(path)?.[1];
  if (number === undefined) throw new BadHistory(path, "expected <number>.avsc");
  return Number(number);
};

const readVersion = async (path: string): Promise<AvroJson> => {
  try {
    const avro: AvroJson = JSON.parse(await readFile(path, "utf8"));
    shapeOf(avro);
    return avro;
  } catch (cause) {
    throw new BadHistory(path, cause instanceof Error ? cause.message : String(cause), { cause });
  }
};

/** Under another name first: a file that is there is whole, and one that somebody else wrote meanwhile is not overwritten. */
const writeWhole = async (path: string, text: string): Promise<void> => {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const hidden = join(folder, `.${randomUUID()}`);
  try {
    await writeFile(hidden, text, { flag: "wx" });
    await link(hidden, path);
  } catch (cause) {
    throw new BadHistory(path, `it could not be written (${cause instanceof Error ? cause.message : cause})`, {
      cause,
    });
  } finally {
    await rm(hidden, { force: true });
  }
};
