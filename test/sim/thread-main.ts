/** What a thread does: breaks its mutant's line, if it has one, then runs seeds. */
import { parentPort, workerData } from "node:worker_threads";
import { loadBroken } from "./mutant.ts";
import type { ThreadTask } from "./thread.ts";

// Set by `inThread`, which is the only one who starts this thread.
const { mutant, chosen, ...seeds } = workerData as ThreadTask;
if (mutant !== undefined) loadBroken(mutant);
// Loaded after the line was broken, so that it is the broken one they load.
const { preparedCodec } = await import("./environment/codec.ts");
const { storiesOf } = await import("./stories.ts");
const { surveySeeds } = await import("./survey.ts");
parentPort?.postMessage(await surveySeeds(storiesOf(chosen), { codec: await preparedCodec(), ...seeds }));
