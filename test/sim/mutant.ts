/** One broken statement. It is broken in memory as its module is loaded, in a thread of its own; no file is touched. */
import { existsSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import type { Chosen } from "./stories.ts";

/** One broken statement, and the worlds it is looked for in: those in which it shows more often than in any. */
export type Mutant = Chosen & {
  /** What it breaks, in words. */
  readonly breaks: string;
  /** A seed that caught it when this was written, tried first. Where the code has changed since, it may be another. */
  readonly seed?: number;
  /** Below the repository's root. */
  readonly file: string;
  /** Text that is in the file exactly once; how it is wrapped and indented does not matter. */
  readonly line: string;
  /** What replaces it. */
  readonly instead: string;
};

const root = new URL("../../", import.meta.url);
const pathOf = (file: string): string => fileURLToPath(new URL(file, root));

/**
 * Matches a statement however the formatter wraps it: white space between two tokens may be any or none, and there may be
 * a comma before a closing bracket. Texts of strings are tokens too, which no shipped mutant minds.
 */
const patternOf = (line: string): RegExp => {
  const tokens = line.match(/[\w$]+|[^\s\w$]/gu) ?? [];
  const escaped = tokens.map((token) => token.replace(/[\\^$.*+?()[\]{}|/]/u, "\\$&"));
  const parts = escaped.map((token, at) => {
    if (at === 0) return token;
    const [before, own] = [tokens[at - 1] ?? "", tokens[at] ?? ""];
    if (/^[\w$]/u.test(before) && /^[\w$]/u.test(own)) return String.raw`\s+${token}`;
    return /^[)\]}]$/u.test(own) ? String.raw`\s*,?\s*${token}` : String.raw`\s*${token}`;
  });
  return new RegExp(`(?<![\\w$])${parts.join("")}`, "gu");
};

/** A mutant's source: its file with the statement broken. @throws Error naming the mutant where the statement is not there once. */
export const brokenSource = (mutant: Mutant, source: string): string => {
  const { line, instead } = mutant;
  if ([...source.matchAll(patternOf(line))].length !== 1) throw new Error(missing(mutant, source));
  return source.replace(patternOf(line), () => instead);
};

const missing = ({ breaks, file, line }: Mutant, source: string): string => {
  const found = [...source.matchAll(patternOf(line))].length;
  const what = found === 0 ? "is not there" : `is there ${found} times`;
  return [
    `mutant "${breaks}": its statement ${what} in ${file}; give the mutant the statement as it is now.`,
    `  looked for: ${line}`,
    ...(found === 0 ? [`  nearest:    ${nearestIn(source, line)}`] : []),
  ].join("\n");
};

/** The line of a source that has most words of a statement, with its number. */
const nearestIn = (source: string, line: string): string => {
  const words = new Set(line.match(/\w+/gu) ?? []);
  const shared = (text: string): number => new Set((text.match(/\w+/gu) ?? []).filter((word) => words.has(word))).size;
  const lines = source.split("\n").map((text, at) => ({ text: text.trim(), number: at + 1, score: shared(text) }));
  const nearest = lines.reduce((best, one) => (one.score > best.score ? one : best), { text: "", number: 0, score: 0 });
  return nearest.score === 0 ? "none of its words is in this file" : `${nearest.number}: ${nearest.text}`;
};

/** Reads a mutant's file and breaks it. @throws Error naming the mutant where the file or the statement is not there. */
export const readBroken = (mutant: Mutant): string => {
  const path = pathOf(mutant.file);
  if (!existsSync(path)) throw new Error(`mutant "${mutant.breaks}": there is no file ${mutant.file}`);
  return brokenSource(mutant, readFileSync(path, "utf8"));
};

/** Breaks a mutant's statement in every module this thread loads from now on. @throws Error as {@link readBroken} does. */
export const loadBroken = (mutant: Mutant): void => {
  readBroken(mutant);
  const path = pathOf(mutant.file);
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (!url.startsWith("file:") || fileURLToPath(url) !== path) return loaded;
      return { ...loaded, source: brokenSource(mutant, String(loaded.source)) };
    },
  });
};
