/** Runs the commands of a page as somebody does who copies them into a shell, and knows which of them were not run. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { endpointsEnv, type StackEndpoints } from "../../dev/stack/endpoints.ts";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import { namedBlocksOf, readPage } from "./documents.ts";

/** Variables beside those of the stack. */
type Env = Readonly<Record<string, string>>;

/** A shell with our command, and a stand-in for Kafka's, in its path. */
export interface PageShell {
  /** Runs lines, and answers what they write. @throws Error where one of them fails */
  readonly run: (lines: string, env?: Env) => Promise<string>;
}

/** `folder` is where it runs; `root` is the tree whose `sluice` it has, the repository's by default. */
export const pageShell = ({
  endpoints,
  folder,
  root = repositoryRoot,
}: {
  readonly endpoints: StackEndpoints;
  readonly folder: string;
  readonly root?: string;
}): PageShell => {
  const { hostname, port, username, password, pathname } = new URL(endpoints.databaseUrl);
  const path = [join(root, "bin"), join(repositoryRoot, "test", "whole", "restoring")];
  return {
    run: async (lines, env = {}) => {
      const { stdout, stderr } = await promisify(execFile)("sh", ["-euc", lines], {
        cwd: folder,
        maxBuffer: 16_777_216,
        timeout: 240_000,
        env: {
          HOME: process.env["HOME"] ?? "",
          ...endpointsEnv(endpoints),
          DB: `--host=${hostname} --port=${port} --user=${username} --password=${password} ${pathname.slice(1)}`,
          PATH: [...path, join(repositoryRoot, "node_modules", ".bin"), process.env["PATH"]].join(":"),
          ...env,
        },
      });
      return stdout + stderr;
    },
  };
};

/** Whether lines come to a good end, where they are run until they do. */
export const succeeds = (running: Promise<string>): Promise<boolean> =>
  running.then(
    () => true,
    () => false,
  );

/** The named blocks of a page. */
export interface PageCommands {
  /** The lines of a block, which count as run. @throws Error where the page has none of that name */
  readonly take: (name: string) => string;
  /** Names of blocks that were not taken. */
  readonly left: () => readonly string[];
}

/** Those of a page, by its path from the repository's root. */
export const pageCommands = (file: string): PageCommands => {
  const blocks = namedBlocksOf(readPage(file));
  const taken = new Set<string>();
  return {
    take: (name) => {
      const lines = blocks.get(name);
      if (lines === undefined) throw new Error(`${file} has no block ${name}`);
      taken.add(name);
      return lines;
    },
    left: () => [...blocks.keys()].filter((name) => !taken.has(name)),
  };
};
