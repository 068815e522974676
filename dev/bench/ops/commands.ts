/** How long the operators' commands take, each as a process of its own, beside what it cannot do without. */
import { note } from "../../../engine/app/cli.ts";
import { deadLetterTopic } from "../../../engine/worker/round/dead-letter.ts";
import { couponIssuing } from "../../../topology/coupon-issuing.ts";
import { sluice } from "../../run-sluice.ts";
import { endpointsEnv } from "../../stack/endpoints.ts";
import { median } from "../in-turn.ts";
import type { Stage } from "../stage.ts";

/** A command that was measured. */
export interface CommandRun {
  readonly command: string;
  readonly runs: number;
  /** Median, least and most, its start included, ms. */
  readonly tookMs: number;
  readonly leastMs: number;
  readonly mostMs: number;
  /** The most of all runs; undefined where it is no process of its own. */
  readonly peakMb: number | undefined;
  /** What was asked of it. */
  readonly limitMs: number;
  readonly limitMb: number | undefined;
  /** What it cannot do without, and how long that alone takes, ms. */
  readonly floor: string;
  readonly floorMs: number;
}

/** Runs of each command. */
export const runs = 5;

/** Measures the commands over so many letters as are there. @throws Error where a command fails */
export const measureCommands = async (stage: Stage): Promise<readonly CommandRun[]> => {
  const env = endpointsEnv(stage.endpoints);
  const measure = async (
    args: readonly string[],
    limits: Pick<CommandRun, "limitMs" | "limitMb">,
    floor: readonly [string, () => Promise<number>],
  ): Promise<CommandRun> => {
    const command = `sluice ${args.join(" ")}`;
    note(`ops: ${command}, ${runs} times`);
    const took: number[] = [];
    let peakKb = 0;
    const floors: number[] = [];
    for (let turn = 0; turn < runs; turn += 1) {
      floors.push(await floor[1]());
      const ran = await sluice(env, ...args);
      if (ran.exitCode !== 0) throw new Error(`${command} ended with ${ran.exitCode}: ${ran.stderr}`);
      took.push(ran.tookMs);
      peakKb = Math.max(peakKb, ran.peakKb ?? Number.NaN);
    }
    const sorted = took.toSorted((a, b) => a - b);
    return {
      ...{ command, runs, ...limits, floor: floor[0], floorMs: median(floors) },
      ...{ tookMs: median(took), leastMs: sorted[0] ?? Number.NaN, mostMs: sorted.at(-1) ?? Number.NaN },
      peakMb: Math.round(peakKb / 1_024),
    };
  };
  const start = async (): Promise<number> => (await sluice({}, "--version")).tookMs;
  const reading = () => readAll(stage);
  const name = couponIssuing.graph.name;
  return [
    await measure(["dlq", "groups", "--topology", name], { limitMs: 10_000, limitMb: 300 }, ["reading alone", reading]),
    await measure(["schema", "check"], { limitMs: 2_000, limitMb: undefined }, ["sluice --version", start]),
    await measure(["topology", "plan"], { limitMs: 2_000, limitMb: undefined }, ["sluice --version", start]),
    await measure(["--help"], { limitMs: 300, limitMb: undefined }, ["sluice --version", start]),
  ];
};

/** Reads the dead letters without looking at them; answers ms. */
const readAll = async ({ admin }: Stage): Promise<number> => {
  const startedAt = performance.now();
  await admin.readTopic(deadLetterTopic(couponIssuing.graph.name), async () => {});
  return Math.round(performance.now() - startedAt);
};
