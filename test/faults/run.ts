/** Tries faults one after the other, each stack once for all faults that want it, and ends every stack it started. */
import { stackDown } from "../../ops/stack/down.ts";
import { stackUp } from "../../ops/stack/up.ts";
import { chanceOf } from "./chance.ts";
import type { Fault, Tried } from "./fault.ts";
import { faultsOf, type Findings, judge } from "./judge.ts";
import { type Scene, setScene } from "./scene.ts";

/** What came of one fault. */
export interface Outcome extends Tried {
  readonly fault: string;
  readonly seconds: number;
  /** Everything that is amiss; none where it went well. A recovery that took too long is not among it. */
  readonly amiss: readonly string[];
  /** How many recoveries took longer than is promised. */
  readonly slow: number;
}

/** What came of all. */
export interface Report {
  readonly seed: number;
  readonly outcomes: readonly Outcome[];
  /** The whole of each stack, judged at its end. */
  readonly wholes: readonly Findings[];
}

/** Whether nothing is amiss, in any fault and in all of them together. */
export const isSound = ({ outcomes, wholes }: Report): boolean =>
  outcomes.every(({ amiss }) => amiss.length === 0) &&
  // Some of the faults may have had the gate forget, so order is theirs to judge.
  wholes.every((whole) => faultsOf(whole, { unordered: true }).length === 0);

/** What to try, and how. */
export interface RunOptions {
  readonly faults: readonly Fault[];
  readonly points: readonly string[];
  readonly seed: number;
  /** In place of each fault's own number. */
  readonly times: number | undefined;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** Tries all. @throws with what does not come up. */
export const runFaults = async (options: RunOptions): Promise<Report> => {
  const outcomes: Outcome[] = [];
  const wholes: Findings[] = [];
  for (const [brokers, group] of Map.groupBy(options.faults, (fault) => fault.brokers)) {
    await onStack(brokers, options, async (scene) => {
      for (const fault of group) outcomes.push(await tryFault(scene, fault, options));
      // Of faults that did nothing amiss one by one, nothing may be amiss together.
      wholes.push(await judge(scene, { prefix: "" }));
    });
  }
  return { seed: options.seed, outcomes, wholes };
};

const onStack = async (
  brokers: 1 | 3,
  { signal, say }: RunOptions,
  work: (scene: Scene) => Promise<void>,
): Promise<void> => {
  const name = brokers === 1 ? "faults" : "faults-brokers";
  say(`stack ${name} with ${brokers} broker(s)`);
  await stackDown({ name });
  try {
    const endpoints = await stackUp({ name, brokers, signal });
    const scene = await setScene(name, endpoints, signal);
    try {
      await work(scene);
    } finally {
      await scene.close();
    }
  } finally {
    await stackDown({ name });
  }
};

/** Tries one fault on a scene. What it throws, unless it was interrupted, is what is amiss. */
export const tryFault = async (
  scene: Scene,
  fault: Fault,
  { points, seed, times, say }: Pick<RunOptions, "points" | "seed" | "times" | "say">,
): Promise<Outcome> => {
  const startedAt = performance.now();
  say(`${fault.name}: ${fault.about}`);
  const run = { scene, points, chance: chanceOf(seed), times: times ?? fault.times };
  const tried = await fault
    .run({ ...run, say: (text) => say(`  ${text}`) })
    .catch(async (error: unknown): Promise<Tried> => {
      scene.signal.throwIfAborted();
      const missed = [error instanceof Error ? error.message : String(error)];
      return { times: 0, missed, recoveriesMs: [], findings: await judge(scene, { prefix: "" }) };
    });
  await scene.clear();
  const outcome = outcomeOf(fault, tried, (performance.now() - startedAt) / 1_000);
  for (const what of outcome.amiss) say(`  AMISS: ${what}`);
  return outcome;
};

const outcomeOf = (
  { name, recoverWithinMs = Number.POSITIVE_INFINITY, unordered = false }: Fault,
  tried: Tried,
  seconds: number,
): Outcome => ({
  ...tried,
  fault: name,
  seconds: Math.round(seconds * 10) / 10,
  amiss: [
    ...tried.missed,
    ...faultsOf(tried.findings, { unordered }),
    ...(tried.times === 0 ? ["it never struck"] : []),
  ],
  slow: tried.recoveriesMs.filter((ms) => ms > recoverWithinMs).length,
});
