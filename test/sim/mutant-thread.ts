/** The thread of one mutant: breaks its line, then runs seeds until one catches it. */
import { parentPort, workerData } from "node:worker_threads";
import type { Caught, MutantTask } from "./hunt.ts";
import { loadBroken } from "./mutant.ts";

// Set by `hunt`, which is the only one who starts this thread.
const { mutant, from, seeds } = workerData as MutantTask;
loadBroken(mutant);
// Loaded after the line was broken, so that it is the broken one they load.
const { preparedCodec } = await import("./codec.ts");
const { surveySeeds } = await import("./survey.ts");
const { seeds: ran, failures } = await surveySeeds(await preparedCodec(), {
  ...{ from, seeds, maxFailures: 1 },
  world: mutant.world,
});
const caught: Caught = {
  breaks: mutant.breaks,
  seeds: ran,
  caughtBy: failures[0]?.seed,
  claim: failures[0]?.broken[0]?.claim,
};
parentPort?.postMessage(caught);
