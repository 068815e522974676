/** What a claim of the verifier comes to: how much breaks it, a few examples, and names by which the same is known in the next look. */
import type { Check } from "../../engine/app/verify/verification.ts";

/** Examples of one check at most. */
const shownExamples = 5;

/** True where nothing is broken, and nothing pending. */
export const isSound = (checks: readonly Check[]): boolean =>
  checks.every(({ broken, pending }) => broken === 0 && pending === 0);

/** What breaks a claim, in words. */
export interface Finding {
  readonly text: string;
  /** What names it whenever it is found; see {@link Check.found}. */
  readonly name: string;
}

/**
 * Names of one check that are kept, some 10 MB. A burst has tens of thousands of verdicts under way between the reads of a look, and
 * what is wrong for good should not be behind them.
 */
const keptNames = 100_000;

/** A check of which these break the claim; words alone are their own name. They are counted, and a few are kept. */
export const check = (claim: string, looked: number, breaking: Iterable<string | Finding>, pending = 0): Check => {
  const examples: string[] = [];
  const names = new Set<string>();
  let broken = 0;
  for (const one of breaking) {
    const { text, name } = typeof one === "string" ? { text: one, name: one } : one;
    broken += 1;
    if (broken <= shownExamples) examples.push(text);
    if (names.size < keptNames) names.add(name);
  }
  return { claim, looked, broken, pending, examples, ...(broken > 0 && { found: () => names }) };
};

/** Adds how many things are older than the oldest record of a topic. */
export const withOlder = (of: Check, older: number): Check => (older === 0 ? of : { ...of, older });
