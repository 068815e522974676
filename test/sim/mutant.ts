/** One broken line. It is broken in memory as its module is loaded, in a thread of its own; no file is touched. */
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import type { Chosen } from "./stories.ts";

/** One broken line, and the worlds it is looked for in: those in which it shows more often than in any. */
export type Mutant = Chosen & {
  /** What it breaks, in words. */
  readonly breaks: string;
  /** Below the repository's root. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly line: string;
  /** What stands there instead. */
  readonly instead: string;
};

/** Breaks a mutant's line in every module this thread loads from now on. @throws Error where the line is not there once. */
export const loadBroken = ({ file, line, instead }: Mutant): void => {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (!url.startsWith("file:") || fileURLToPath(url) !== path) return loaded;
      const source = String(loaded.source);
      if (source.split(line).length !== 2) throw new Error(`expected once in ${file}, found otherwise: ${line}`);
      return { ...loaded, source: source.replace(line, () => instead) };
    },
  });
};
