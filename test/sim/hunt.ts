/** Whether some seed catches a mutant: it runs in a thread, and the seed must pass where nothing is broken. */
import { preparedCodec } from "./environment/codec.ts";
import type { Mutant } from "./mutant.ts";
import { storiesOf } from "./stories.ts";
import type { Kind } from "./story.ts";
import { failureOf } from "./survey.ts";
import { inThread } from "./thread.ts";

/** How a mutant fared: the first seed that caught it, and the promise it broke there; undefined where none did. */
export interface Caught {
  readonly breaks: string;
  readonly kind: Kind;
  /** Seeds that were run until it was caught, that one included. */
  readonly seeds: number;
  readonly caughtBy: number | undefined;
  readonly claim: string | undefined;
}

/**
 * Runs up to `seeds` seeds against a mutant until one catches it. @throws Error where its line is not there once, or where
 * the seed that catches it fails without it too.
 */
export const hunt = async (
  mutant: Mutant,
  { from, seeds }: { readonly from: number; readonly seeds: number },
): Promise<Caught> => {
  const { breaks, kind } = mutant;
  const { failures, seeds: ran } = await inThread({ mutant, chosen: mutant, from, seeds, maxFailures: 1 });
  const [first] = failures;
  const caught = { breaks, kind, seeds: ran, caughtBy: first?.seed, claim: first?.broken[0]?.claim };
  if (first === undefined) return caught;
  const stories = storiesOf(mutant);
  const failure = failureOf(stories, await stories.simulate(first.seed, { codec: await preparedCodec() }));
  if (failure === undefined) return caught;
  throw new Error(`seed ${first.seed} fails without the mutant "${breaks}": ${failure.broken[0]?.what}`);
};

/** As {@link hunt} from seed 1 on, but the seed that caught the mutant before is tried first. @throws Error as {@link hunt} does. */
export const huntAgain = async (mutant: Mutant, seeds: number): Promise<Caught> => {
  if (mutant.seed !== undefined) {
    const caught = await hunt(mutant, { from: mutant.seed, seeds: 1 });
    if (caught.caughtBy !== undefined) return caught;
  }
  return hunt(mutant, { from: 1, seeds });
};
