/** Where things are: the cache that all stacks of this working copy share, and the folder of each stack. */
import { join, resolve } from "node:path";
import { CliError, exitCodes } from "../../engine/app/cli.ts";

/** The root of the working copy. */
export const repositoryRoot = resolve(import.meta.dirname, "..", "..");

/** What was fetched or made once; may be deleted whenever no stack runs. */
export const cacheDirectory = join(repositoryRoot, ".sluice", "cache");

/** Holds a folder for each stack. */
export const stacksDirectory = join(repositoryRoot, ".sluice", "stacks");

/** The stack that is meant when no name is given. */
export const defaultStackName = "demo";

/** How a folder of a stack is made: its logs and its state are nobody's business but its owner's. */
export const ownersOnly = { recursive: true, mode: 0o700 } as const;

/** The folder of one stack. */
export interface Layout {
  readonly name: string;
  /** Absolute; the mark by which the processes of this stack are found. */
  readonly root: string;
  readonly state: string;
  readonly logs: string;
  readonly temporary: string;
  /** Everything `down` removes. The logs stay. */
  readonly removable: readonly string[];
  readonly config: (file: string) => string;
  readonly data: (service: string) => string;
  readonly log: (service: string) => string;
}

/** What the name of a stack may be, in words. */
export const stackNameRule = "1 to 32 of a-z, 0-9 and hyphens";

/** Whether a stack may have this name: it becomes the name of a folder. */
export function isStackName(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,31}$/.test(name);
}

/** The folder of the stack `name`. @throws CliError (usage) when a stack can't have that name. */
export function layoutOf(name: string): Layout {
  if (!isStackName(name)) {
    throw new CliError(`a stack's name is ${stackNameRule}, got ${JSON.stringify(name)}`, {
      code: "STACK_NAME",
      exitCode: exitCodes.usage,
    });
  }
  return layoutAt(name, join(stacksDirectory, name));
}

/** A stack's folder somewhere else, for one that is not to be found by name. */
export function layoutAt(name: string, root: string): Layout {
  const part = (...names: readonly string[]) => join(root, ...names);
  const state = part("state.json");
  const temporary = part("tmp");
  const logs = part("logs");
  return {
    name,
    root,
    state,
    logs,
    temporary,
    removable: [state, part("config"), part("data"), temporary],
    config: (file) => part("config", file),
    data: (service) => part("data", service),
    log: (service) => part("logs", `${service}.log`),
  };
}
