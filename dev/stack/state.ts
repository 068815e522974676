/** What a stack remembers between two commands: its services, their ports and their processes. */
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { CliError } from "../../engine/app/cli.ts";
import type { StackEndpoints } from "./endpoints.ts";
import { isStackName, type Layout, layoutOf, ownersOnly, stacksDirectory } from "./layout.ts";
import type { ServiceState } from "./services/service.ts";

/** The state of one stack. */
export interface StackState {
  readonly version: 1;
  /**
   * `starting` until everything has answered once. A stack that is found starting, with no process at work on it, was left
   * behind by a command that was killed: its data may be half made.
   */
  readonly phase: "starting" | "up";
  readonly brokers: number;
  /** How many partitions the offsets topic has, each with a coordinator of its own. */
  readonly offsetsPartitions: number;
  readonly endpoints: StackEndpoints;
  readonly services: readonly ServiceState[];
}

const stateSchema: z.ZodType<StackState> = z.object({
  version: z.literal(1),
  phase: z.enum(["starting", "up"]),
  brokers: z.number(),
  offsetsPartitions: z.number(),
  endpoints: z.object({
    brokers: z.array(z.string()),
    registryUrl: z.string(),
    databaseUrl: z.string(),
    redisUrl: z.string(),
  }),
  services: z.array(
    z.object({
      name: z.string(),
      port: z.number(),
      log: z.string(),
      launch: z.object({
        command: z.string(),
        args: z.array(z.string()),
        cwd: z.string(),
        environment: z.record(z.string(), z.string()),
      }),
      probe: z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("kafka"), port: z.number(), brokers: z.number(), clusterId: z.string() }),
        z.object({ kind: z.literal("registry"), url: z.string() }),
        z.object({ kind: z.literal("mariadb"), url: z.string() }),
        z.object({ kind: z.literal("redis"), port: z.number() }),
        z.object({ kind: z.literal("http"), url: z.string() }),
      ]),
      process: z
        .object({ pid: z.number(), startTicks: z.string() })
        .optional()
        .transform((process) => process),
    }),
  ),
});

/**
 * The state of a stack; undefined when there is none.
 * @throws CliError when the file can't be understood, as after a change of version.
 */
export async function readState(layout: Layout): Promise<StackState | undefined> {
  const text = await readFile(layout.state, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CliError(`can't read ${layout.state}: another version of sluice wrote it, or it is damaged`, {
      code: "STACK_STATE",
      fix: `Remove the stack: npm run sluice -- stack down --name ${layout.name}`,
      cause,
    });
  }
}

/**
 * The client ports of all other stacks of this working copy. One of them may be free right now, but only because its
 * service is down for a moment.
 */
export async function portsOfOthers(own: string): Promise<ReadonlySet<number>> {
  const names = (await readdir(stacksDirectory).catch(() => [])).filter((name) => isStackName(name) && name !== own);
  const states = await Promise.all(names.map((name) => readState(layoutOf(name)).catch(() => undefined)));
  return new Set(states.flatMap((state) => state?.services ?? []).map(({ port }) => port));
}

/** Writes the state, whole or not at all. Readable by its owner only: it holds the database's password. */
export async function writeState(layout: Layout, state: StackState): Promise<void> {
  await mkdir(layout.root, ownersOnly);
  const unfinished = `${layout.state}.unfinished`;
  await writeFile(unfinished, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(unfinished, layout.state);
}

/** The state with another process for one service. */
export function withProcess(state: StackState, service: string, process: ServiceState["process"]): StackState {
  return {
    ...state,
    services: state.services.map((candidate) => (candidate.name === service ? { ...candidate, process } : candidate)),
  };
}
