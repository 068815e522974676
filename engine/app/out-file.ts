/** Files that a command was asked to write: there when they are whole, and a sentence where they cannot be written. */
import { once } from "node:events";
import { open, rename, rm } from "node:fs/promises";
import { CliError } from "./cli.ts";

/** Where text goes. */
export interface OutFile {
  /** Waits until it is taken. @throws CliError CANNOT_WRITE */
  readonly write: (text: string) => Promise<void>;
}

/**
 * Writes a file, readable by its owner alone, under another name beside it, and gives it its own when `work` is done: whoever
 * finds it finds all of it. Where `work` throws, nothing is left. @throws CliError CANNOT_WRITE with the file and the reason
 */
export const writeOut = async <T>(file: string, work: (out: OutFile) => Promise<T>): Promise<T> => {
  const partial = `${file}.partial`;
  const orSay = async <R>(tried: Promise<R>): Promise<R> => tried.catch((cause) => Promise.reject(says(file, cause)));
  const handle = await orSay(open(partial, "w", 0o600));
  try {
    const result = await work({ write: (text) => orSay(handle.appendFile(text)) });
    await orSay(handle.close());
    await orSay(rename(partial, file));
    return result;
  } catch (error) {
    await handle.close().catch(() => {}); // Closed already, or the disk is full: what failed first is said.
    await rm(partial, { force: true });
    throw error;
  }
};

/** Writes to standard output, no faster than it is read. */
export const toStdout: OutFile = {
  write: async (text) => {
    if (!process.stdout.write(text)) await once(process.stdout, "drain");
  },
};

const says = (file: string, cause: unknown): CliError =>
  new CliError(`${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
    code: "CANNOT_WRITE",
    fix: "Name a file in a folder that exists and may be written.",
    cause,
  });
