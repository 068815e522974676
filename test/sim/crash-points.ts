/**
 * A small story, run again and again: each time a process dies at another point of it. Between two turns nothing of a process
 * happens, and within one it does nothing but send calls; so dying after each turn, and before each call, is dying at every
 * await.
 */
import type { Codec } from "../../engine/avro/codec.ts";
import { smallPayments } from "./payments/scenario.ts";
import { smallCoupons } from "./coupons/scenario.ts";
import { type Chosen, storiesOf } from "./stories.ts";
import type { CrashPoint, Kind } from "./story.ts";
import { type Failure, failureOf } from "./survey.ts";

/** What came of dying at every point. */
export interface CrashReport {
  readonly kind: Kind;
  readonly seed: number;
  /** Turns and calls of the story without a death. */
  readonly turns: number;
  readonly calls: number;
  /** Points at which a process died. */
  readonly points: number;
  readonly failures: readonly (Failure & { readonly at: CrashPoint })[];
}

/** Worlds in which nothing goes wrong but what is asked for. */
const small: Readonly<Record<Kind, Chosen>> = {
  coupons: { kind: "coupons", world: smallCoupons },
  payments: { kind: "payments", world: smallPayments },
};

/** Tries every point of a seed's small story, or with `every` one in so many. */
export const tryCrashPoints = async (
  codec: Codec,
  { kind, seed, every = 1 }: { readonly kind: Kind; readonly seed: number; readonly every?: number },
): Promise<CrashReport> => {
  const stories = storiesOf(small[kind]);
  const { turns, calls, places } = await stories.simulate(seed, { codec });
  const each = (count: number): readonly number[] =>
    Array.from({ length: Math.floor(count / every) }, (_, n) => (n + 1) * every);
  const numbers = Array.from({ length: places }, (_, place) => place);
  const points: readonly CrashPoint[] = [
    ...each(turns).flatMap((afterTurn) => numbers.map((place) => ({ afterTurn, place }))),
    ...each(calls).map((beforeCall) => ({ beforeCall })),
  ];
  const failures: (Failure & { readonly at: CrashPoint })[] = [];
  let died = 0;
  for (const at of points) {
    const result = await stories.simulate(seed, { codec, crash: at });
    if (result.crashed) died += 1;
    const failure = failureOf(stories, result);
    if (failure !== undefined) failures.push({ ...failure, at });
  }
  return { kind, seed, turns, calls, points: died, failures };
};
