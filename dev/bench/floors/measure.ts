/** The parts of a round alone, one after the other: what a round on the same machine stands on. */
import { note } from "../../../engine/app/cli.ts";
import type { Stage } from "../stage.ts";
import { measureTransaction } from "./database.ts";
import type { FloorRun } from "./floor.ts";
import { measureFetch, measureProduce } from "./kafka.ts";
import { measureScript } from "./redis.ts";

/** Measures all of them. @throws the drivers' errors */
export const measureFloors = async (stage: Stage, prefix: string): Promise<readonly FloorRun[]> => {
  note("floors: fetch, produce, one script, one transaction");
  const name = `${prefix}-floor`;
  return [
    await measureFetch(stage, name),
    await measureProduce(stage, name),
    await measureScript(stage, name),
    await measureTransaction(stage),
  ];
};
