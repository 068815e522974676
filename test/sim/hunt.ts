/** Whether some seed catches a mutant: it runs in a thread, and the seed must pass where nothing is broken. */
import { Worker } from "node:worker_threads";
import { preparedCodec } from "./codec.ts";
import type { Mutant } from "./mutant.ts";
import { simulate } from "./simulate.ts";
import { failureOf } from "./survey.ts";

/** How a mutant fared: the first seed that caught it, and the promise it broke there; undefined where none did. */
export interface Caught {
  readonly breaks: string;
  /** Seeds that were run until it was caught, that one included. */
  readonly seeds: number;
  readonly caughtBy: number | undefined;
  readonly claim: string | undefined;
}

/** What a mutant's thread is given. */
export interface MutantTask {
  readonly mutant: Mutant;
  readonly from: number;
  /** Seeds to try, at most. */
  readonly seeds: number;
}

/**
 * Runs seeds against a mutant until one catches it. @throws Error where its line is not there once, or where the seed that
 * catches it fails without it too.
 */
export const hunt = async (task: MutantTask): Promise<Caught> => {
  const { mutant } = task;
  const caught = await new Promise<Caught>((resolve, reject) => {
    const thread = new Worker(new URL("./mutant-thread.ts", import.meta.url), { workerData: task });
    thread.once("message", resolve);
    thread.once("error", reject);
  });
  if (caught.caughtBy === undefined) return caught;
  const sound = await simulate(caught.caughtBy, { codec: await preparedCodec(), world: mutant.world });
  const failure = failureOf(sound);
  if (failure === undefined) return caught;
  throw new Error(`seed ${caught.caughtBy} fails without the mutant "${mutant.breaks}": ${failure.broken[0]?.what}`);
};
