/** One measurement: a preloaded workload, a worker as a process, and the time stamps of what it wrote. */
import { setTimeout as sleep } from "node:timers/promises";
import { couponIssueRequests, couponsIssued } from "../../../schemas/coupon.ts";
import { couponIssuing } from "../../../topology/coupon-issuing.ts";
import { type Check, checkCoupons, isSound } from "../../../ops/verify/check.ts";
import { readFacts } from "../../../ops/verify/read-facts.ts";
import { openCoupons, preload } from "./preload.ts";
import type { Scenario } from "../scenarios.ts";
import type { Stage } from "../stage.ts";
import { type Usage, usageOf } from "../usage.ts";

/** What one run came to. */
export interface DrainRun {
  readonly scenario: string;
  readonly about: string;
  readonly requests: number;
  readonly issued: number;
  /** From the broker's time stamp of the first issued event to that of the last verdict. */
  readonly seconds: number;
  readonly issuedPerSecond: number;
  /** Issued events beyond one a coupon: what was decided again after a hand-over. */
  readonly copies: number;
  /** User and system time of the worker, start-up included, by request. */
  readonly workerCpuMicros: number;
  readonly workerPeakMb: number;
  /** Claims that were broken; a run with any counts for nothing. */
  readonly broken: readonly Check[];
}

/** How a workload is run. */
export interface DrainOptions {
  readonly signal: AbortSignal;
  /** Of the worker. */
  readonly env?: Readonly<Record<string, string>>;
  /** Starts something that is at work before the worker is; it is stopped as soon as everything is committed. */
  readonly beside?: () => Promise<() => Promise<void>>;
}

/** Runs a workload. */
export const drain = async (
  stage: Stage,
  scenario: Scenario,
  { signal, env, beside }: DrainOptions,
): Promise<DrainRun> => {
  await openCoupons(stage, scenario);
  await preload(stage, scenario);
  const stop = await beside?.();
  const { child } = await stage.start("worker", env === undefined ? {} : { env });
  let usage: Usage;
  try {
    const dead = child.ended.then((how) => {
      throw new Error(`the worker ended (${how}) before the work was done; see ${child.logFile}`);
    });
    await Promise.race([untilCommitted(stage, signal), dead]);
    await stop?.();
    usage = await usageOf(child.pid);
  } finally {
    await child.stop();
  }
  return report(stage, scenario, usage);
};

/** Everything is committed: only events may be copies, written again after a hand-over. */
const untilCommitted = async ({ admin, config }: Stage, signal: AbortSignal): Promise<void> => {
  const { name } = couponIssueRequests;
  const ends = await admin.endOffsets(name);
  const groupId = `${config.groupPrefix}.${couponIssuing.graph.name}`;
  for (;;) {
    const committed = await admin.committedOffsets(groupId, name);
    if (ends.every((end, partition) => end === 0n || committed[partition] === end)) return;
    await sleep(200, undefined, { signal });
  }
};

const report = async (stage: Stage, scenario: Scenario, usage: Usage): Promise<DrainRun> => {
  const prefixOf = scenario.coupons[0]?.couponId.replace(/-\d+$/, "") ?? "";
  const facts = await readFacts(stage.config, prefixOf);
  const { seconds, firstBatch, events } = await timeOf(stage, scenario);
  const expected: Check = {
    claim: "as many are issued as must be",
    looked: scenario.requests,
    broken: Math.abs(facts.issued.size - scenario.issued),
    pending: 0,
    examples: [`${facts.issued.size} issued, expected ${scenario.issued}`],
  };
  return {
    scenario: scenario.name,
    about: scenario.about,
    requests: scenario.requests,
    issued: facts.issued.size,
    seconds: Math.round(seconds * 100) / 100,
    issuedPerSecond: Math.round((facts.issued.size - firstBatch) / seconds),
    copies: events - facts.issued.size,
    workerCpuMicros: Math.round((usage.cpuSeconds * 1e7) / scenario.requests) / 10,
    workerPeakMb: Math.round(usage.peakRssBytes / 1_048_576),
    broken: [...checkCoupons(facts), expected].filter((check) => !isSound([check])),
  };
};

/** The first batch's records count for nothing: the clock starts with its time stamp. */
const timeOf = async (
  { admin }: Stage,
  { coupons }: Scenario,
): Promise<{ readonly seconds: number; readonly firstBatch: number; readonly events: number }> => {
  const ids = new Set(coupons.map(({ couponId }) => couponId));
  const stamps: number[] = [];
  await admin.readTopic(couponsIssued.name, async (_partition, records) => {
    for (const { key, timestampMs } of records) if (key !== null && ids.has(key.toString())) stamps.push(timestampMs);
  });
  const first = stamps.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = stamps.reduce((a, b) => Math.max(a, b), 0);
  const firstBatch = stamps.filter((at) => at === first).length;
  return { seconds: Math.max(0.001, (last - first) / 1_000), firstBatch, events: stamps.length };
};
