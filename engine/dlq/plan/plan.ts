/** What replaying would do with each letter that is meant. Pure: what was read, and a fitness for each. */
import type { ReplayLimits } from "../jobs/job.ts";
import type { Letter } from "../letters/letter.ts";
import type { Selection } from "../letters/select.ts";
import type { Standing } from "../letters/state.ts";
import type { Prospect } from "./prospect.ts";
import { packPlaces, type PlaceRanges } from "./ranges.ts";

/**
 * - `ready`: it would be sent.
 * - `over-cap`: it has had as many attempts as are allowed.
 * - `unreadable`: the present schema cannot read it, so it would fail again at once.
 * - `wrong`: a check of its topic refuses it, so it would fail again at once.
 * - `too-large`: it is larger than its topic's records may be, so it would fail again at once.
 * - `busy`: it was replayed, and is not decided yet.
 * - `no-bytes`: it was too large to be kept whole, and its origin does not have it any more.
 * - `damaged`: its headers do not say where it came from.
 * - `elsewhere`: it came from a topic or a partition that the topology does not read.
 * - `settled`: it was resolved, failed again or was discarded: there is nothing to replay.
 */
export type Fitness = (typeof fitnesses)[number];
/** All of them, in the order in which they are shown. */
export const fitnesses = [
  "ready",
  "over-cap",
  "unreadable",
  "wrong",
  "too-large",
  "busy",
  "no-bytes",
  "damaged",
  "elsewhere",
  "settled",
] as const;

/** What is known of letters beside their headers. */
export interface LetterFacts {
  /** What a worker would say of its bytes; `gone` where they are neither in the letter nor where it came from. */
  readonly prospectOf: (letter: Letter) => Prospect | "gone";
  /** The partitions of each topic that the topology reads, by its name. */
  readonly sources: ReadonlyMap<string, number>;
  readonly maxAttempts: number;
}

/** The fitness for one letter. */
export const fitnessOf = ({ letter, state }: Standing, facts: LetterFacts): Fitness => {
  if (state === "pending") return "busy";
  if (state !== "open") return "settled";
  if (letter.flaws.length > 0 || letter.dialect !== "sluice") return "damaged";
  if (letter.origin.partition >= (facts.sources.get(letter.origin.topic) ?? 0)) return "elsewhere";
  if (letter.attempt >= facts.maxAttempts) return "over-cap";
  const prospect = facts.prospectOf(letter);
  if (prospect === "gone") return "no-bytes";
  return prospect === "sound" ? "ready" : prospect;
};

/** What replaying a selection would do. */
export interface ReplayPlan {
  readonly topology: string;
  readonly selection: Selection;
  readonly limits: ReplayLimits;
  readonly counts: Readonly<Record<Fitness, number>>;
  /** Those that would be sent, in their order. */
  readonly ready: readonly Standing[];
  /** A few of those that would not, by fitness. */
  readonly examples: Readonly<Partial<Record<Fitness, readonly Letter[]>>>;
  readonly letters: PlaceRanges;
  readonly letterEnds: readonly string[];
  readonly retryEnds: readonly string[];
}

/** Letters shown of each fitness. */
const shownExamples = 5;

/** Plans: `selected` are the letters that are meant, in the order in which they would be sent. */
export const planReplay = (
  selected: readonly Standing[],
  facts: LetterFacts,
  about: Pick<ReplayPlan, "topology" | "selection" | "limits" | "letterEnds" | "retryEnds">,
): ReplayPlan => {
  const found = Object.groupBy(selected, (standing) => fitnessOf(standing, facts));
  const ready = found.ready ?? [];
  const counts = Object.fromEntries(fitnesses.map((fitness) => [fitness, found[fitness]?.length ?? 0]));
  const examples = fitnesses.flatMap((fitness) => {
    const some = fitness === "ready" ? [] : (found[fitness] ?? []).slice(0, shownExamples).map(({ letter }) => letter);
    return some.length === 0 ? [] : [[fitness, some] as const];
  });
  return {
    ...about,
    counts: counts as Record<Fitness, number>, // Each fitness is a key: fromEntries forgets which there are.
    ready,
    examples: Object.fromEntries(examples),
    letters: packPlaces(ready.map(({ letter }) => letter.place)),
  };
};

/** How long sending takes after the canary, ms. */
export const sendingMs = (count: number, { rate, canary }: ReplayLimits): number =>
  (Math.max(0, count - canary) / rate) * 1_000;
