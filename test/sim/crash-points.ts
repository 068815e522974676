/**
 * A small story, told again and again: each time a process dies at another point of it. Between two turns nothing of a process
 * happens, and within one it does nothing but send calls; so dying after each turn, and before each call, is dying at every
 * await.
 */
import type { Codec } from "../../schemas/codec.ts";
import type { Scenario } from "./scenario.ts";
import { type CrashPoint, simulate } from "./simulate.ts";
import { type Failure, failureOf } from "./survey.ts";

/** Two workers, a rebalance, copies and poison, more requests than units; nothing else goes wrong. */
export const smallWorld: Partial<Scenario> = {
  ...{ profile: "orderly", workers: 2, coupons: 2, requests: 14, usersPerRequest: 0.6, copies: 0.1, poison: 0.1 },
  ...{ reused: 0, stormMs: 300, maxRound: 4, concurrency: 2, fetchMaxRecords: 5, maxRecords: 20, latencyMs: 5 },
  ...{ maxAttempts: 3, schemaLateMs: 0, upkeepMs: 100, outages: [] },
  faults: { refused: 0, answerLost: 0, deadlock: 0, late: 0, slow: 0, crash: 0 },
  incidents: [{ kind: "rebalance", atMs: 150, forMs: 1, worker: 0 }],
};

/** What came of dying at every point. */
export interface CrashReport {
  readonly seed: number;
  /** Turns and calls of the story without a death. */
  readonly turns: number;
  readonly calls: number;
  /** Points at which a process died. */
  readonly points: number;
  readonly failures: readonly (Failure & { readonly at: CrashPoint })[];
}

/** Tries every point of a seed's small story, or with `every` one in so many. */
export const tryCrashPoints = async (
  codec: Codec,
  { seed, every = 1 }: { readonly seed: number; readonly every?: number },
): Promise<CrashReport> => {
  const { turns, calls, scenario } = await simulate(seed, { codec, world: smallWorld });
  const each = (count: number): readonly number[] =>
    Array.from({ length: Math.floor(count / every) }, (_, n) => (n + 1) * every);
  const workers = Array.from({ length: scenario.workers }, (_, worker) => worker);
  const points: readonly CrashPoint[] = [
    ...each(turns).flatMap((afterTurn) => workers.map((worker) => ({ afterTurn, worker }))),
    ...each(calls).map((beforeCall) => ({ beforeCall })),
  ];
  const failures: (Failure & { readonly at: CrashPoint })[] = [];
  let died = 0;
  for (const at of points) {
    const result = await simulate(seed, { codec, world: smallWorld, crash: at });
    if (result.crashed) died += 1;
    const failure = failureOf(result);
    if (failure !== undefined) failures.push({ ...failure, at });
  }
  return { seed, turns, calls, points: died, failures };
};
