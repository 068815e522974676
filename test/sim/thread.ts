/** Surveys in threads: one for each kind of world, so that both cores are busy, and one for each mutant, whose line is broken there. */
import { Worker } from "node:worker_threads";
import type { Mutant } from "./mutant.ts";
import type { Chosen } from "./stories.ts";
import type { Survey } from "./survey.ts";

/** What a thread is given. */
export interface ThreadTask {
  /** Broken before anything is loaded. */
  readonly mutant?: Mutant;
  readonly chosen: Chosen;
  readonly from: number;
  readonly seeds: number;
  readonly maxFailures: number;
}

/** Runs a survey in a thread. @throws whatever the thread throws. */
export const inThread = (task: ThreadTask): Promise<Survey> =>
  new Promise((resolve, reject) => {
    const thread = new Worker(new URL("./thread-main.ts", import.meta.url), { workerData: task });
    thread.once("message", resolve);
    thread.once("error", reject);
  });
