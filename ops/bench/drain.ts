/** One measurement: a preloaded workload, a worker as a process, and the time stamps of what it wrote. */
import { setTimeout as sleep } from "node:timers/promises";
import { couponsIssued, couponsRefused } from "../../schemas/coupon.ts";
import { type Check, checkCoupons } from "../verify/check.ts";
import { readFacts } from "../verify/read-facts.ts";
import { openCoupons, preload } from "./preload.ts";
import type { Scenario } from "./scenarios.ts";
import type { Stage } from "./stage.ts";
import { type Usage, usageOf } from "./usage.ts";

/** What one run came to. */
export interface DrainRun {
  readonly scenario: string;
  readonly about: string;
  readonly requests: number;
  readonly issued: number;
  /** From the broker's time stamp of the first issued event to that of the last verdict. */
  readonly seconds: number;
  readonly issuedPerSecond: number;
  /** User and system time of the worker, start-up included, by request. */
  readonly workerCpuMicros: number;
  readonly workerPeakMb: number;
  /** Claims that were broken; a run with any counts for nothing. */
  readonly broken: readonly Check[];
}

/** Runs a workload. */
export const drain = async (stage: Stage, scenario: Scenario, signal: AbortSignal): Promise<DrainRun> => {
  await openCoupons(stage, scenario);
  await preload(stage, scenario);
  const before = await verdictEnds(stage);
  const { child } = await stage.start("worker");
  let usage: Usage;
  try {
    const dead = child.ended.then((how) => {
      throw new Error(`the worker ended (${how}) before the work was done; see ${child.logFile}`);
    });
    await Promise.race([untilDecided(stage, before + scenario.requests, signal), dead]);
    usage = await usageOf(child.pid);
  } finally {
    await child.stop();
  }
  return report(stage, scenario, usage);
};

const untilDecided = async (stage: Stage, end: number, signal: AbortSignal): Promise<void> => {
  while ((await verdictEnds(stage)) < end) await sleep(200, undefined, { signal });
};

const verdictEnds = async ({ admin }: Stage): Promise<number> => {
  const ends = await Promise.all([couponsIssued, couponsRefused].map(({ name }) => admin.endOffsets(name)));
  return ends.flat().reduce((sum, end) => sum + Number(end), 0);
};

const report = async (stage: Stage, scenario: Scenario, usage: Usage): Promise<DrainRun> => {
  const prefixOf = scenario.coupons[0]?.couponId.replace(/-\d+$/, "") ?? "";
  const facts = await readFacts(stage.config, prefixOf);
  const { seconds, issued } = await timeOf(stage, scenario);
  const expected: Check = {
    claim: "as many are issued as must be",
    looked: scenario.requests,
    broken: Math.abs(facts.issued.size - scenario.issued),
    examples: [`${facts.issued.size} issued, expected ${scenario.issued}`],
  };
  return {
    scenario: scenario.name,
    about: scenario.about,
    requests: scenario.requests,
    issued: facts.issued.size,
    seconds: Math.round(seconds * 100) / 100,
    issuedPerSecond: Math.round(issued / seconds),
    workerCpuMicros: Math.round((usage.cpuSeconds * 1e7) / scenario.requests) / 10,
    workerPeakMb: Math.round(usage.peakRssBytes / 1_048_576),
    broken: [...checkCoupons(facts), expected].filter(({ broken }) => broken > 0),
  };
};

/** The first batch's records count for nothing: the clock starts with its time stamp. */
const timeOf = async (
  { admin }: Stage,
  { coupons }: Scenario,
): Promise<{ readonly seconds: number; readonly issued: number }> => {
  const ids = new Set(coupons.map(({ couponId }) => couponId));
  const stamps: number[] = [];
  await admin.readTopic(couponsIssued.name, async (_partition, records) => {
    for (const { key, timestampMs } of records) if (key !== null && ids.has(key.toString())) stamps.push(timestampMs);
  });
  const first = stamps.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = stamps.reduce((a, b) => Math.max(a, b), 0);
  return { seconds: Math.max(0.001, (last - first) / 1_000), issued: stamps.filter((at) => at > first).length };
};
