/** Releases of the shop that differ from this one: copies of the tree in which some lines read otherwise. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One place in one file that reads otherwise. */
export interface Patch {
  /** From the root of the tree. */
  readonly file: string;
  /** Empty for a file that is new. */
  readonly from: string;
  readonly to: string;
}

/** A tree that runs. */
export interface Release {
  readonly name: string;
  readonly root: string;
  /** What Node runs as its `sluice`. */
  readonly script: string;
}

/** How a command of a release ended. */
export interface Ran {
  readonly command: string;
  readonly exitCode: number;
  /** ms, the start of the process included. */
  readonly tookMs: number;
  /** stdout, then stderr. */
  readonly text: string;
}

/** What a release is made of; modules and the folders of running stacks are not copied. */
const parts = [
  "bin",
  ...["api", "dev", "engine", "ops", "processors", "schemas", "sinks", "stores", "topology"],
  ...["package.json", "sluice.config.ts", "docker-compose.yml"],
];

/** A text with a patch in it. @throws RangeError where its lines are not there exactly once: the tree has changed, not the patch */
export const patched = (text: string, { file, from, to }: Patch): string => {
  const places = text.split(from).length - 1;
  if (places !== 1)
    throw new RangeError(`${file}: expected ${JSON.stringify(from)} once, it is there ${places} times; mend the patch`);
  return text.replace(from, () => to);
};

/** The release whose tree is at `root`. */
export const releaseAt = (name: string, root: string): Release => ({
  name,
  root,
  script: join(root, "bin", "sluice.js"),
});

/** Files as patches leave them, by their path in the tree. @throws RangeError where a patch does not fit */
export const patchedFiles = async (
  { root }: Pick<Release, "root">,
  patches: readonly Patch[],
): Promise<ReadonlyMap<string, string>> => {
  const texts = new Map<string, string>();
  for (const patch of patches) {
    if (patch.from === "") {
      if (existsSync(join(root, patch.file))) throw new RangeError(`${patch.file} is there already; mend the patch`);
      texts.set(patch.file, patch.to);
      continue;
    }
    const text = texts.get(patch.file) ?? (await readFile(join(root, patch.file), "utf8"));
    texts.set(patch.file, patched(text, patch));
  }
  return texts;
};

/** Copies a release into a temporary folder and patches it. @throws RangeError where a patch does not fit; nothing is made then */
export const releaseFrom = async (base: Release, name: string, patches: readonly Patch[]): Promise<Release> => {
  const texts = await patchedFiles(base, patches);
  const root = await mkdtemp(join(tmpdir(), `sluice-release-${name}-`));
  for (const part of parts) await cp(join(base.root, part), join(root, part), { recursive: true });
  await symlink(join(base.root, "node_modules"), join(root, "node_modules"));
  for (const [file, text] of texts) await writeFile(join(root, file), text);
  return releaseAt(name, root);
};

/** Removes a release that {@link releaseFrom} made. */
export const removeRelease = ({ root }: Release): Promise<void> => rm(root, { recursive: true });

/** Longest that a command may take, ms. */
const commandTimeoutMs = 90_000;

/** Runs a command of a release as an operator does, in the folder of the release. */
export const runSluice = ({ root, script }: Release, env: NodeJS.ProcessEnv, args: readonly string[]): Promise<Ran> => {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const options = { env, cwd: root, timeout: commandTimeoutMs, maxBuffer: 16_777_216 };
    const child = execFile(process.execPath, [script, ...args], options, (_error, stdout, stderr) => {
      const tookMs = Math.round(performance.now() - startedAt);
      resolve({ command: args.join(" "), exitCode: child.exitCode ?? -1, tookMs, text: `${stdout}${stderr}` });
    });
  });
};
