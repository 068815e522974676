/** Tries faults one after the other, each stack once for all faults that want it, and ends every stack it started. */
import { stackDown } from "../../dev/stack/down.ts";
import type { StackEndpoints } from "../../dev/stack/endpoints.ts";
import { stackUp } from "../../dev/stack/up.ts";
import { chanceOf } from "./chance.ts";
import type { Fault, FaultOf, TriedOf } from "./fault.ts";
import { faultsOf, type Findings, judge } from "./coupons/judge.ts";
import type { PayFault } from "./payments/fault.ts";
import { judgePayments, type PayFindings, payFaultsOf } from "./payments/judge/judge.ts";
import { type PayScene, setPayScene } from "./payments/scene.ts";
import { type Scene, setScene } from "./coupons/scene.ts";

/** What came of one fault. */
export interface OutcomeOf<Found> extends TriedOf<Found> {
  readonly fault: string;
  readonly seconds: number;
  /** Everything that is amiss; none where it went well. A recovery that took too long is not among it. */
  readonly amiss: readonly string[];
  /** How many recoveries took longer than is promised. */
  readonly slow: number;
}

/** What came of one fault of coupon issuing. */
export type Outcome = OutcomeOf<Findings>;

/** What came of one fault of payments. */
export type PayOutcome = OutcomeOf<PayFindings>;

/** What came of all faults of a kind. */
export interface ReportOf<Found> {
  readonly outcomes: readonly OutcomeOf<Found>[];
  /** The whole of each stack, judged at its end. */
  readonly wholes: readonly Found[];
}

/** What came of all. */
export interface Report extends ReportOf<Findings> {
  readonly seed: number;
  readonly payments: ReportOf<PayFindings>;
}

/** Whether nothing is amiss, in any fault and in all of them together. */
export const isSound = ({ outcomes, wholes, payments }: Report): boolean =>
  [...outcomes, ...payments.outcomes].every(({ amiss }) => amiss.length === 0) &&
  // Some of the faults may have had the gate forget, so order is theirs to judge.
  wholes.every((whole) => faultsOf(whole, { unordered: true }).length === 0) &&
  payments.wholes.every((whole) => payFaultsOf(whole).length === 0);

/** What to try, and how. */
export interface RunOptions {
  readonly faults: readonly Fault[];
  readonly payFaults: readonly PayFault[];
  readonly points: readonly string[];
  readonly seed: number;
  /** In place of each fault's own number. */
  readonly times: number | undefined;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** What faults are tried on, and who judges what they leave. */
export interface Kind<Stage, Found> {
  readonly stackName: string;
  readonly set: (stackName: string, endpoints: StackEndpoints, signal: AbortSignal) => Promise<Stage>;
  /** Everything that is there. */
  readonly judgeAll: (stage: Stage) => Promise<Found>;
  readonly faultsOf: (found: Found, how: { readonly unordered: boolean }) => readonly string[];
}

/** Faults of coupon issuing. */
export const ofCoupons: Kind<Scene, Findings> = {
  stackName: "faults",
  set: setScene,
  judgeAll: (scene) => judge(scene, { prefix: "" }),
  faultsOf,
};

/** Faults of payments: on a stack of their own, whose coupons have no requests. */
export const ofPayments: Kind<PayScene, PayFindings> = {
  stackName: "faults-payments",
  set: setPayScene,
  judgeAll: (scene) => judgePayments(scene, { prefix: "" }),
  faultsOf: payFaultsOf,
};

/** What every stage has. */
interface Staged {
  readonly signal: AbortSignal;
  readonly clear: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Tries all. @throws with what does not come up. */
export const runFaults = async (options: RunOptions): Promise<Report> => {
  const coupons = await runKind(ofCoupons, options.faults, options);
  return { seed: options.seed, ...coupons, payments: await runKind(ofPayments, options.payFaults, options) };
};

const runKind = async <Stage extends Staged, Found>(
  kind: Kind<Stage, Found>,
  faults: readonly FaultOf<Stage, Found>[],
  options: RunOptions,
): Promise<ReportOf<Found>> => {
  const outcomes: OutcomeOf<Found>[] = [];
  const wholes: Found[] = [];
  for (const [brokers, group] of Map.groupBy(faults, (fault) => fault.brokers)) {
    await onStack(kind, brokers, options, async (scene) => {
      for (const fault of group) outcomes.push(await tryFault(kind, scene, fault, options));
      // Of faults that did nothing amiss one by one, nothing may be amiss together.
      wholes.push(await kind.judgeAll(scene));
    });
  }
  return { outcomes, wholes };
};

const onStack = async <Stage extends Staged, Found>(
  { stackName, set }: Kind<Stage, Found>,
  brokers: 1 | 3,
  { signal, say }: RunOptions,
  work: (scene: Stage) => Promise<void>,
): Promise<void> => {
  const name = brokers === 1 ? stackName : `${stackName}-brokers`;
  say(`stack ${name} with ${brokers} broker(s)`);
  await stackDown({ name });
  try {
    const endpoints = await stackUp({ name, brokers, signal });
    const scene = await set(name, endpoints, signal);
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
export const tryFault = async <Stage extends Staged, Found>(
  kind: Kind<Stage, Found>,
  scene: Stage,
  fault: FaultOf<Stage, Found>,
  { points, seed, times, say }: Pick<RunOptions, "points" | "seed" | "times" | "say">,
): Promise<OutcomeOf<Found>> => {
  const startedAt = performance.now();
  say(`${fault.name}: ${fault.about}`);
  const run = { scene, points, chance: chanceOf(seed), times: times ?? fault.times };
  const tried = await fault
    .run({ ...run, say: (text) => say(`  ${text}`) })
    .catch(async (error: unknown): Promise<TriedOf<Found>> => {
      scene.signal.throwIfAborted();
      const missed = [error instanceof Error ? error.message : String(error)];
      return { times: 0, missed, recoveriesMs: [], findings: await kind.judgeAll(scene) };
    });
  await scene.clear();
  const outcome = outcomeOf(kind, fault, tried, (performance.now() - startedAt) / 1_000);
  for (const what of outcome.amiss) say(`  AMISS: ${what}`);
  return outcome;
};

const outcomeOf = <Stage, Found>(
  kind: Kind<Stage, Found>,
  { name, recoverWithinMs = Number.POSITIVE_INFINITY, unordered = false }: FaultOf<Stage, Found>,
  tried: TriedOf<Found>,
  seconds: number,
): OutcomeOf<Found> => ({
  ...tried,
  fault: name,
  seconds: Math.round(seconds * 10) / 10,
  amiss: [
    ...tried.missed,
    ...kind.faultsOf(tried.findings, { unordered }),
    ...(tried.times === 0 ? ["it never struck"] : []),
  ],
  slow: tried.recoveriesMs.filter((ms) => ms > recoverWithinMs).length,
});
