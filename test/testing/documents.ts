/** The Markdown pages of the repository: their links, headings and blocks of code, as GitHub understands them. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../dev/stack/layout.ts";

/** A page: its path from the repository's root, and its text. */
export interface Page {
  readonly file: string;
  readonly text: string;
}

/** A block of code. `line` is that of its first line in the page, from 1. */
export interface Block {
  readonly language: string;
  /** What stands behind the language, such as the file that the block is a part of. */
  readonly info: string;
  readonly text: string;
  readonly line: number;
}

/** One page. @throws Error where there is none */
export const readPage = (file: string): Page => ({ file, text: readFileSync(join(repositoryRoot, file), "utf8") });

/** Every page but those of packages and of what is built. */
export const allPages = (): readonly Page[] =>
  globSync("**/*.md", { cwd: repositoryRoot, exclude: ["**/node_modules/**", "engine/dist/**"] })
    .toSorted()
    .map(readPage);

const blockPattern = /^( *)```(\w+)?([^\n`]*)\n([\s\S]*?)^ *```$/gm;

/** The blocks of code, without the indentation that they have in a list. */
export const blocksOf = ({ text }: Page): readonly Block[] =>
  [...text.matchAll(blockPattern)].map(({ 1: indent = "", 2: language = "", 3: info = "", 4: body = "", index }) => ({
    language,
    info: info.trim(),
    text: body.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    line: text.slice(0, index).split("\n").length + 1,
  }));

/** The page without its code, where brackets are no links. */
const prose = (text: string): string =>
  text.replaceAll(blockPattern, "").replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll("]", " "));

/** The targets of its links and pictures that are in this repository. */
export const linksOf = ({ text }: Page): readonly string[] =>
  [...prose(text).matchAll(/\]\(([^()\s]+)\)/g)]
    .flatMap(([, target]) => target ?? [])
    .filter((target) => !/^[a-z]+:/.test(target));

/** The anchors that a link to the page may name: its headings in GitHub's form, and those that are written as HTML. */
export const anchorsOf = ({ text }: Page): ReadonlySet<string> => {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ""] of text.replaceAll(blockPattern, "").matchAll(/^#{1,6} +(.+?)\s*$/gm)) {
    const name = slug(heading);
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    anchors.add(times === 0 ? name : `${name}-${times}`);
  }
  for (const [, id = ""] of text.matchAll(/<a id="([^"]+)">/g)) anchors.add(id);
  return anchors;
};

/** Lower case; letters, digits, `_` and `-` are kept, blanks become `-`, the rest is dropped. */
const slug = (heading: string): string =>
  heading
    .replaceAll(/\]\([^)]*\)/g, "")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
    .replaceAll(" ", "-");

/** The blocks of a shell that have a name: their first line is `# name`. */
export const namedBlocksOf = (page: Page): ReadonlyMap<string, string> =>
  new Map(
    blocksOf(page)
      .filter(({ language }) => language === "sh")
      .flatMap(({ text }) => {
        const [, name, lines] = /^# (\S+)\n([\s\S]*)$/.exec(text) ?? [];
        return name === undefined || lines === undefined ? [] : [[name, lines] as const];
      }),
  );
