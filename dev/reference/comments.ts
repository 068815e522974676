/** The doc comments of a source, by the name of what they stand above: where a page says what the code says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../stack/layout.ts";

const commented = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*\n\s*(\w+):/g;

/** By name: each comment of a property as one line, ending with a full stop. `file` is from the repository's root. */
export const commentsIn = (file: string): ReadonlyMap<string, string> =>
  new Map(
    [...readFileSync(join(repositoryRoot, file), "utf8").matchAll(commented)].map(([, text = "", name = ""]) => [
      name,
      text
        .replaceAll(/^\s*\*/gm, "")
        .replaceAll(/\s+/g, " ")
        .trim(),
    ]),
  );
