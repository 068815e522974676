/** How much longer a worker's start takes for the check that its graph was deployed: as the worker itself says. */
import { readFile } from "node:fs/promises";
import { note } from "../../../engine/app/cli.ts";
import { kafkaAdmin } from "../../../engine/log/kafka/admin/admin.ts";
import { median } from "../in-turn.ts";
import type { Stage } from "../stage.ts";
import { type CommandRun, runs } from "./commands.ts";

/** Starts workers one after the other. @throws Error where one does not say how long its check took */
export const measureStartCheck = async (stage: Stage): Promise<CommandRun> => {
  note(`ops: the start of a worker, ${runs} times`);
  const took: number[] = [];
  const floors: number[] = [];
  for (let turn = 0; turn < runs; turn += 1) {
    floors.push(await connecting(stage));
    const { child } = await stage.start("worker", { env: { SLUICE_LOG_LEVEL: "info" } });
    const log = await readFile(child.logFile, "utf8");
    await child.stop();
    took.push(tookOf(log));
  }
  const sorted = took.toSorted((a, b) => a - b);
  return {
    ...{ command: "the check before a worker starts", runs, limitMs: 100, limitMb: undefined, peakMb: undefined },
    ...{ tookMs: median(took), leastMs: sorted[0] ?? Number.NaN, mostMs: sorted.at(-1) ?? Number.NaN },
    ...{ floor: "a connection to the broker alone", floorMs: median(floors) },
  };
};

const tookOf = (log: string): number => {
  const line = log.split("\n").find((one) => one.includes('"start.checked"'));
  const { tookMs } = JSON.parse(line ?? "{}") as { readonly tookMs?: number }; // Our own log.
  if (tookMs === undefined) throw new Error("the worker did not say how long its check took");
  return tookMs;
};

/** Opens and closes what asks the brokers; answers ms. */
const connecting = async ({ config }: Stage): Promise<number> => {
  const startedAt = performance.now();
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-bench-start" });
  const took = performance.now() - startedAt;
  await admin.close();
  return Math.round(took);
};
