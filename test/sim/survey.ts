/** Many seeds, one after the other, and what came of them: failures, which must not be, and known gaps, which are counted. */
import type { Codec } from "../../engine/avro/codec.ts";
import { type Broken, isPromised, type Kind, type Simulated, type Stories } from "./story.ts";
import type { Profile } from "./environment/weather.ts";

/** A seed that broke a promise. */
export interface Failure {
  readonly seed: number;
  readonly profile: Profile;
  readonly broken: readonly Broken[];
}

/** A claim that is not promised in worlds of a profile, and how often it did not hold there. */
export interface Gap {
  readonly claim: string;
  readonly profile: Profile;
  readonly seeds: number;
  readonly firstSeed: number;
}

/** What came of some seeds of one kind. */
export interface Survey {
  readonly kind: Kind;
  readonly from: number;
  readonly seeds: number;
  /** Seeds by profile. */
  readonly profiles: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
  readonly gaps: readonly Gap[];
  /** What was asked for, over all seeds. */
  readonly asked: number;
  /** How often things happened, over all seeds. */
  readonly counts: Readonly<Record<string, number>>;
  /** Virtual seconds that passed. */
  readonly virtualSeconds: number;
}

/** What of a seed breaks a promise. */
export const failureOf = ({ promises }: Stories, { seed, profile, broken }: Simulated): Failure | undefined => {
  const found = broken.filter(({ claim }) => isPromised(promises, claim, profile));
  return found.length === 0 ? undefined : { seed, profile, broken: found };
};

/** Which seeds to run. */
export interface SurveyOptions {
  readonly codec: Codec;
  readonly from: number;
  readonly seeds: number;
  readonly maxFailures: number;
}

/** Runs `seeds` seeds from `from` on; stops early after `maxFailures` failing ones. */
export const surveySeeds = async (
  stories: Stories,
  { codec, from, seeds, maxFailures }: SurveyOptions,
): Promise<Survey> => {
  const failures: Failure[] = [];
  const gaps = new Map<string, Gap>();
  const profiles: Record<string, number> = {};
  const counts: Record<string, number> = {};
  let [ran, asked, virtualMs] = [0, 0, 0];
  for (let seed = from; seed < from + seeds && failures.length < maxFailures; seed += 1) {
    const result = await stories.simulate(seed, { codec });
    const { profile } = result;
    ran += 1;
    asked += result.asked;
    virtualMs += result.tookMs;
    profiles[profile] = (profiles[profile] ?? 0) + 1;
    for (const [what, count] of Object.entries(result.counts)) counts[what] = (counts[what] ?? 0) + count;
    const failure = failureOf(stories, result);
    if (failure !== undefined) failures.push(failure);
    for (const claim of new Set(result.broken.map((one) => one.claim))) {
      if (isPromised(stories.promises, claim, profile)) continue;
      const name = `${claim}/${profile}`;
      const known = gaps.get(name) ?? { claim, profile, seeds: 0, firstSeed: seed };
      gaps.set(name, { ...known, seeds: known.seeds + 1 });
    }
  }
  const sorted = [...gaps.values()].toSorted((a, b) => (a.claim + a.profile < b.claim + b.profile ? -1 : 1));
  const { kind } = stories;
  return { kind, from, seeds: ran, profiles, failures, gaps: sorted, asked, counts, virtualSeconds: virtualMs / 1_000 };
};
