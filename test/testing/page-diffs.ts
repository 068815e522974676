/** What a page changes: blocks of the language `diff` that name a file, as patches of a tree. */
import type { Patch } from "../proofs/evolve/release.ts";
import { blocksOf, type Page } from "./documents.ts";

/** One patch a block, in their order. A block of nothing but new lines is a new file; another may begin within a line. */
export const diffsOf = (page: Page): readonly Patch[] =>
  blocksOf(page)
    .filter(({ language }) => language === "diff")
    .map(({ info: file, text }) => {
      const lines = text.replace(/\n$/, "").split("\n");
      const side = (without: string): string =>
        lines
          .filter((line) => !line.startsWith(without))
          .map((line) => line.slice(1))
          .join("\n");
      const isNew = lines.every((line) => line.startsWith("+"));
      return isNew ? { file, from: "", to: `${side("-")}\n` } : { file, from: side("+"), to: side("-") };
    });
