/** What one part does by itself, and how its calls are timed. */

/** The units of one call: as many as a round has. */
export const callUnits = 1_000;

/** What one part did, one call after the other. */
export interface FloorRun {
  readonly part: string;
  readonly units: number;
  readonly calls: number;
  /** In calls alone, without what prepares them. */
  readonly seconds: number;
  readonly unitsPerSecond: number;
  /** Mean time of a call, ms. */
  readonly msACall: number;
}

/** Rates of what was counted; `seconds` is above 0. */
export const floorOf = (
  part: string,
  { units, calls, seconds }: Pick<FloorRun, "units" | "calls" | "seconds">,
): FloorRun => ({
  ...{ part, units, calls, seconds: Math.round(seconds * 1_000) / 1_000 },
  unitsPerSecond: Math.round(units / seconds),
  msACall: Math.round((seconds * 1e6) / calls) / 1_000,
});

/** Calls that are timed, and those before them that are not: caches are filled and code is compiled. */
const sizes = { calls: 300, warmUp: 30 } as const;

/** How calls of {@link callUnits} are timed. */
export interface TimedCalls<T> {
  readonly part: string;
  /** What the n-th call takes; not timed. */
  readonly prepare: (n: number) => T;
  readonly call: (what: T) => Promise<unknown>;
  /** Ends it between two calls. */
  readonly signal: AbortSignal;
}

/** Times calls one after the other; `now` is in ms. @throws what a call throws, and the signal's reason */
export const timeCalls = async <T>(
  { part, prepare, call, signal }: TimedCalls<T>,
  { calls, warmUp }: { readonly calls: number; readonly warmUp: number } = sizes,
  now: () => number = () => performance.now(),
): Promise<FloorRun> => {
  let ms = 0;
  for (let n = 0; n < warmUp + calls; n++) {
    signal.throwIfAborted();
    const what = prepare(n);
    const startedAt = now();
    await call(what);
    if (n >= warmUp) ms += now() - startedAt;
  }
  return floorOf(part, { units: calls * callUnits, calls, seconds: ms / 1_000 });
};
