/** What may go wrong in a world, and how often: drawn by the scenarios of all worlds, carried out by the network. */
import type { Dice } from "./dice.ts";

/**
 * How wild a world is. What must hold differs, see claims.ts:
 * - `orderly`: crashes, lost and refused answers, deadlocks, outages, rebalances; but a partition has one owner at a time.
 * - `flushed`: the same, and the gate loses everything now and then, or is restored from an old snapshot.
 * - `overlapping`: the same as orderly, and owners overlap: workers freeze or are cut off for longer than their session,
 *   calls outlast the drain, and calls given up on take effect late.
 * - `wild`: everything.
 */
export type Profile = "orderly" | "flushed" | "overlapping" | "wild";

/** Probabilities of what becomes of a call, each 0 to 1. */
export interface CallFaults {
  /** It never takes effect, and its caller is answered so. */
  readonly refused: number;
  /** It takes effect, and its caller is answered that it failed. */
  readonly answerLost: number;
  /** Database only: it is rolled back. */
  readonly deadlock: number;
  /** Its caller is answered that it failed, and it takes effect after that. */
  readonly late: number;
  /** It takes longer than a drain may. */
  readonly slow: number;
  /** The caller dies at one of its edges: before it is sent, on its way, or after it took effect. */
  readonly crash: number;
}

/** Nothing becomes of a call but what it is for. */
export const noFaults: CallFaults = { refused: 0, answerLost: 0, deadlock: 0, late: 0, slow: 0, crash: 0 };

/** A service that calls go to. */
export type Service = "redis" | "database" | "kafka" | "registry" | "platform";

/** A service that refuses everything for a while; ms from the beginning. */
export interface Outage {
  readonly service: Service;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What becomes of calls while the storm lasts. */
export interface Weather {
  /** A call takes from 1 to this many ms, each way. */
  readonly latencyMs: number;
  readonly faults: CallFaults;
  readonly outages: readonly Outage[];
}

/** Bounds of time that all worlds share, ms. The drain is longer than a round without failures takes. */
export const bounds = { sessionTimeoutMs: 2_000, drainBudgetMs: 800, commitIntervalMs: 100 } as const;

/** Draws how often calls fail; calls that come late, or outlast a drain, only where owners may overlap. */
export const drawFaults = (dice: Dice, overlaps: boolean): CallFaults => ({
  refused: dice.pick([0, 0.02, 0.1]),
  answerLost: dice.pick([0, 0.02, 0.1]),
  deadlock: dice.pick([0, 0, 0.05, 0.3]),
  late: overlaps ? dice.pick([0, 0.02, 0.1]) : 0,
  slow: overlaps ? dice.pick([0, 0.01, 0.05]) : 0,
  crash: dice.pick([0, 0.005, 0.02]),
});

/** Draws up to `most` outages within the storm. A service that is named twice is drawn twice as often; `longestMs`: of one of it. */
export const drawOutages = (
  dice: Dice,
  {
    stormMs,
    most,
    services,
    longestMs,
  }: {
    readonly stormMs: number;
    readonly most: number;
    readonly services: readonly [Service, ...Service[]];
    readonly longestMs: (service: Service) => number;
  },
): readonly Outage[] =>
  Array.from({ length: dice.between(0, most) }, () => {
    const fromMs = dice.between(0, stormMs);
    const service = dice.pick(services);
    return { service, fromMs, untilMs: fromMs + dice.between(50, longestMs(service)) };
  });

/** Something that happens to a process, to a group or to a service, at a time; ms from the beginning. */
export interface Incident<Kind extends string> {
  readonly kind: Kind;
  readonly atMs: number;
  /** How long it lasts; of a restored gate, how old the snapshot is. */
  readonly forMs: number;
  /** Whom it strikes, as a number that is taken modulo the number of places. */
  readonly place: number;
}

/** Draws up to `most` incidents of a kind within the storm, each for up to `longestMs`. */
export const drawIncidents = <Kind extends string>(
  dice: Dice,
  { kind, most, stormMs, longestMs = 1 }: { kind: Kind; most: number; stormMs: number; longestMs?: number | undefined },
): readonly Incident<Kind>[] =>
  Array.from({ length: dice.between(0, most) }, () => ({
    kind,
    atMs: dice.between(0, stormMs),
    forMs: dice.between(1, longestMs),
    place: dice.between(0, 1_000),
  }));
