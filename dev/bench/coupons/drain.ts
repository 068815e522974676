/** One measurement: a preloaded workload, a worker as a process, and the time stamps of what it wrote. */
import { setTimeout as sleep } from "node:timers/promises";
import { couponIssueRequests, couponsIssued, couponsRefused } from "../../../schemas/coupon.ts";
import { couponIssuing } from "../../../topology/coupon-issuing.ts";
import { partitionOfKey } from "../../../engine/log/producer/partitioner.ts";
import type { Check } from "../../../engine/app/verify/verification.ts";
import { checkCoupons } from "../../../ops/verify/check.ts";
import { isSound } from "../../../ops/verify/claim.ts";
import { readFacts } from "../../../ops/verify/read-facts.ts";
import { openCoupons, preload } from "./preload.ts";
import { type WarmUp, warmUpOf, warmUpPrefix } from "./warm-up.ts";
import { type Accounts, accountsOf } from "../accounts.ts";
import type { Scenario } from "../scenarios.ts";
import { benchStack, type Stage } from "../stage.ts";
import { type Usage, usageOf } from "../usage.ts";
import { whileItLives } from "../while-it-lives.ts";

/** What one run came to. */
export interface DrainRun {
  readonly scenario: string;
  readonly about: string;
  readonly requests: number;
  /** Requests that the worker had before them, which count in no rate. */
  readonly warmUp: number;
  readonly issued: number;
  /** From the broker's time stamp of the first verdict to that of the last. */
  readonly seconds: number;
  readonly issuedPerSecond: number;
  /** Issued or refused: as many as are issued, where nobody is refused. */
  readonly decidedPerSecond: number;
  /** Issued events beyond one a coupon: what was decided again after a hand-over. */
  readonly copies: number;
  /** User and system time of the worker, start-up included, by request, as all of these: those of the warm-up count here. */
  readonly workerCpuMicros: number;
  /** Of the other processes, by request; which is CPU seconds by a million. */
  readonly cpuMicros: { readonly database: number; readonly broker: number; readonly redis: number };
  /** Of the database, by a thousand requests. */
  readonly transactionsPerThousand: number;
  readonly flushesPerThousand: number;
  readonly workerPeakMb: number;
  /** Claims that were broken; a run with any counts for nothing. */
  readonly broken: readonly Check[];
}

/** How a workload is run. */
export interface DrainOptions {
  readonly signal: AbortSignal;
  /** Requests that the worker is to have had before it is measured; default: none, it starts cold. */
  readonly warmUp?: number;
  /** Of the worker. */
  readonly env?: Readonly<Record<string, string>>;
  /** Starts something that is at work before the worker is; it is stopped as soon as everything is committed. */
  readonly beside?: () => Promise<() => Promise<void>>;
}

/** Runs a workload. */
export const drain = async (
  stage: Stage,
  scenario: Scenario,
  { signal, env, beside, warmUp: warmUpRequests = 0 }: DrainOptions,
): Promise<DrainRun> => {
  const warmUp = warmUpOf(scenario, warmUpRequests, partitionOf);
  for (const workload of warmUp.requests === 0 ? [scenario] : [warmUp, scenario]) {
    await openCoupons(stage, workload);
    await preload(stage, workload);
  }
  const stop = await beside?.();
  const before = await accountsOf(benchStack, stage.config.databaseUrl);
  const { child } = await stage.start("worker", env === undefined ? {} : { env });
  let usage: Usage;
  let after: Accounts;
  try {
    await whileItLives(child, signal, (until) => untilCommitted(stage, until));
    await stop?.();
    [usage, after] = await Promise.all([usageOf(child.pid), accountsOf(benchStack, stage.config.databaseUrl)]);
  } finally {
    await child.stop();
  }
  return report(stage, scenario, { worker: usage, before, after, warmUp });
};

const partitionOf = (couponId: string): number => partitionOfKey(Buffer.from(couponId), couponIssueRequests.partitions);

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

/** What was used: by the worker from its start, by the others between two looks; and for what, beside the workload. */
interface Used {
  readonly warmUp: WarmUp;
  readonly worker: Usage;
  readonly before: Accounts;
  readonly after: Accounts;
}

const report = async (stage: Stage, scenario: Scenario, { worker, before, after, warmUp }: Used): Promise<DrainRun> => {
  const prefixOf = scenario.coupons[0]?.couponId.replace(/-\d+$/, "") ?? "";
  const facts = await readFacts(stage.config, prefixOf);
  const warmed = warmUp.requests === 0 ? [] : checkCoupons(await readFacts(stage.config, warmUpPrefix + prefixOf));
  const { seconds, issuedFirst, decidedFirst, events, decided } = await timeOf(stage, scenario);
  const all = scenario.requests + warmUp.requests;
  const micros = (cpuSeconds: number): number => Math.round((cpuSeconds * 1e7) / all) / 10;
  const perThousand = (times: number): number => Math.round((times * 1e5) / all) / 100;
  const used = (name: keyof Accounts["cpuSeconds"]): number => micros(after.cpuSeconds[name] - before.cpuSeconds[name]);
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
    warmUp: warmUp.requests,
    issued: facts.issued.size,
    seconds: Math.round(seconds * 100) / 100,
    issuedPerSecond: Math.round((facts.issued.size - issuedFirst) / seconds),
    decidedPerSecond: Math.round((decided - decidedFirst) / seconds),
    copies: events - facts.issued.size,
    workerCpuMicros: micros(worker.cpuSeconds),
    cpuMicros: { database: used("database"), broker: used("broker"), redis: used("redis") },
    transactionsPerThousand: perThousand(after.transactions - before.transactions),
    flushesPerThousand: perThousand(after.flushes - before.flushes),
    workerPeakMb: Math.round(worker.peakRssBytes / 1_048_576),
    broken: [...checkCoupons(facts), ...warmed, expected].filter((check) => !isSound([check])),
  };
};

/** When a workload's verdicts were written, by the broker's time stamps. */
interface Times {
  readonly seconds: number;
  /** Of the first batch, and of those that were issued in it: they count for nothing, the clock starts with its time stamp. */
  readonly decidedFirst: number;
  readonly issuedFirst: number;
  /** Issued events, copies too. */
  readonly events: number;
  readonly decided: number;
}

const timeOf = async ({ admin }: Stage, { coupons }: Scenario): Promise<Times> => {
  const ids = new Set(coupons.map(({ couponId }) => couponId));
  const stampsOf = async (topic: string): Promise<readonly number[]> => {
    const stamps: number[] = [];
    await admin.readTopic(topic, async (_partition, records) => {
      for (const { key, timestampMs } of records) if (key !== null && ids.has(key.toString())) stamps.push(timestampMs);
    });
    return stamps;
  };
  const issued = await stampsOf(couponsIssued.name);
  const decided = [...issued, ...(await stampsOf(couponsRefused.name))];
  const first = decided.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = decided.reduce((a, b) => Math.max(a, b), 0);
  const inFirst = (stamps: readonly number[]): number => stamps.filter((at) => at === first).length;
  return {
    seconds: Math.max(0.001, (last - first) / 1_000),
    ...{ issuedFirst: inFirst(issued), decidedFirst: inFirst(decided) },
    ...{ events: issued.length, decided: decided.length },
  };
};
