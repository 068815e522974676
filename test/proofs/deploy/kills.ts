/** Applies as processes: killed before and after each step, and two at once. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { DeployPorts } from "../../../engine/deploy/run/ports.ts";
import { makePlan } from "../../../engine/deploy/run/observe.ts";
import { stepsOf } from "../../../engine/deploy/plan/steps.ts";
import { proofDocument } from "./documents.ts";

/** A process that is ready to apply. */
interface Applier {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

const start = async (env: NodeJS.ProcessEnv, args: readonly string[]): Promise<Applier> => {
  const file = new URL("./child.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [file, ...args], { env, stdio: ["pipe", "pipe", "inherit"] });
  if (child.stdout === null) throw new RangeError("a child without an output");
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return { child, lines };
};

/** How an apply ended: its own words, or the signal that ended it. */
export interface Ended {
  readonly kind: string;
  readonly exitCode: number;
}

const go = async ({ child, lines }: Applier): Promise<Ended> => {
  const exited = once(child, "exit");
  child.stdin?.write("go\n");
  const { value, done } = await lines.next();
  await exited;
  if (done === true) return { kind: child.signalCode ?? "no answer", exitCode: -1 };
  const ended: Ended = JSON.parse(value); // child.ts writes it.
  return ended;
};

/** Applies in a process of its own, killed at a point where one is given. */
export const applyInProcess = async (env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Ended> =>
  go(await start(env, args));

/** What came of an apply that was killed, and of the next one. */
export interface Kill {
  readonly at: string;
  readonly step: string;
  readonly first: string;
  /** Whether the deployment could be seen when the first had ended. */
  readonly seen: boolean;
  readonly next: Ended;
  /** Changes that were left to plan after it. */
  readonly left: number;
}

/** Kills an apply before, during and after each of its steps. `prepare` makes what the steps find for a name. */
export const killEverywhere = async (
  ports: DeployPorts,
  env: NodeJS.ProcessEnv,
  prepare: (name: string) => Promise<void>,
): Promise<readonly Kill[]> => {
  const kills: Kill[] = [];
  for (let number = 1, count = 1; number <= count; number += 1) {
    for (const phase of ["before", "during", "after"] as const) {
      const name = `kill-${phase}-${number}`;
      await prepare(name);
      const steps = stepsOf((await makePlan(ports, proofDocument(name), {})).plan);
      count = steps.length;
      const first = await applyInProcess(env, name, phase, String(number));
      const seen = (await ports.deployments.accepted(name)) !== undefined;
      const next = await applyInProcess(env, name);
      const left = (await makePlan(ports, proofDocument(name), {})).plan.changes.length;
      const step = steps[number - 1]?.does ?? "?";
      kills.push({ at: `${phase} step ${number} of ${count}`, step, first: first.kind, seen, next, left });
    }
  }
  return kills;
};

/** Two applies of one document at once, so many times; answers how the two of each pair ended. */
export const twoAtOnce = async (env: NodeJS.ProcessEnv, times: number): Promise<readonly string[]> => {
  const pairs: string[] = [];
  for (let time = 1; time <= times; time += 1) {
    const name = `pair-${time}`;
    const both = await Promise.all([start(env, [name]), start(env, [name])]);
    const ended = await Promise.all(both.map(go));
    pairs.push(
      ended
        .map(({ kind, exitCode }) => `${kind} ${exitCode}`)
        .sort()
        .join(", "),
    );
  }
  return pairs;
};
