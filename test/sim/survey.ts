/** Many seeds, one after the other, and what came of them: failures, which must not be, and known gaps, which are counted. */
import type { Codec } from "../../schemas/codec.ts";
import { type Broken, type ClaimName, promised } from "./claims.ts";
import type { Profile, Scenario } from "./scenario.ts";
import { type Simulated, simulate } from "./simulate.ts";

/** A seed that broke a promise. */
export interface Failure {
  readonly seed: number;
  readonly profile: Profile;
  readonly broken: readonly Broken[];
}

/** A claim that is not promised in worlds of a profile, and how often it did not hold there. */
export interface Gap {
  readonly claim: ClaimName;
  readonly profile: Profile;
  readonly seeds: number;
  readonly firstSeed: number;
}

/** What came of some seeds. */
export interface Survey {
  readonly from: number;
  readonly seeds: number;
  /** Seeds by profile. */
  readonly profiles: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
  readonly gaps: readonly Gap[];
  /** Records that were asked for, over all seeds. */
  readonly records: number;
  /** Virtual seconds that passed. */
  readonly virtualSeconds: number;
}

/** What of a seed breaks a promise. */
export const failureOf = ({ seed, scenario: { profile }, broken }: Simulated): Failure | undefined => {
  const promises = broken.filter(({ claim }) => promised(claim, profile));
  return promises.length === 0 ? undefined : { seed, profile, broken: promises };
};

/** Which seeds to run. */
export interface SurveyOptions {
  readonly from: number;
  readonly seeds: number;
  readonly maxFailures: number;
  /** What of every seed's world is chosen and not drawn. */
  readonly world?: Partial<Scenario> | undefined;
}

/** Runs `seeds` seeds from `from` on; stops early after `maxFailures` failing ones. */
export const surveySeeds = async (
  codec: Codec,
  { from, seeds, maxFailures, world }: SurveyOptions,
): Promise<Survey> => {
  const failures: Failure[] = [];
  const gaps = new Map<string, Gap>();
  const profiles: Record<string, number> = {};
  let [ran, records, virtualMs] = [0, 0, 0];
  for (let seed = from; seed < from + seeds && failures.length < maxFailures; seed += 1) {
    const result = await simulate(seed, { codec, world });
    const { profile, requests } = result.scenario;
    ran += 1;
    records += requests;
    virtualMs += result.tookMs;
    profiles[profile] = (profiles[profile] ?? 0) + 1;
    const failure = failureOf(result);
    if (failure !== undefined) failures.push(failure);
    for (const claim of new Set(result.broken.map((one) => one.claim))) {
      if (promised(claim, profile)) continue;
      const name = `${claim}/${profile}`;
      const known = gaps.get(name) ?? { claim, profile, seeds: 0, firstSeed: seed };
      gaps.set(name, { ...known, seeds: known.seeds + 1 });
    }
  }
  const sorted = [...gaps.values()].toSorted((a, b) => (a.claim + a.profile < b.claim + b.profile ? -1 : 1));
  return { from, seeds: ran, profiles, failures, gaps: sorted, records, virtualSeconds: virtualMs / 1_000 };
};
