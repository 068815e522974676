/** Whether a replay slows live records down: the same load in turn with and without a replay beside it. */
import { setTimeout as sleep } from "node:timers/promises";
import { note } from "../../../engine/app/cli.ts";
import { retryTopic } from "../../../engine/worker/round/retry-record.ts";
import { couponIssuing } from "../../../topology/coupon-issuing.ts";
import { startSluice } from "../../run-sluice.ts";
import { endpointsEnv } from "../../stack/endpoints.ts";
import { drain, type DrainRun } from "../coupons/drain.ts";
import { openCoupons } from "../coupons/preload.ts";
import { uniform } from "../scenarios.ts";
import type { Stage } from "../stage.ts";
import { writeLetters } from "./letters.ts";

/** Live records with and without a replay beside them. */
export interface BesideReplay {
  readonly with: readonly DrainRun[];
  readonly without: readonly DrainRun[];
  /** Letters that were sent while live records were decided, of each run with a replay. */
  readonly replayed: readonly number[];
  /** Median with, by median without. */
  readonly ratio: number;
}

const turns = 3;
/** The default of `dlq replay`, letters a second. */
const rate = 200;
/** More than a run lasts. */
const letters = rate * 60;

/** Measures. @throws Error where a worker or a replay fails */
export const measureBesideReplay = async (
  stage: Stage,
  prefix: string,
  { requests, signal }: { readonly requests: number; readonly signal: AbortSignal },
): Promise<BesideReplay> => {
  const runs: { readonly with: DrainRun[]; readonly without: DrainRun[] } = { with: [], without: [] };
  const replayed: number[] = [];
  for (let turn = 1; turn <= turns; turn += 1) {
    for (const kind of ["without", "with"] as const) {
      note(`ops: ${requests} live records ${kind} a replay at ${rate}/s beside them, ${turn} of ${turns}`);
      const scenario = uniform(`${prefix}-${kind}${turn}`, requests);
      const beside = kind === "with" ? await replayOf(stage, `${prefix}-again${turn}`) : undefined;
      runs[kind].push(await drain(stage, scenario, { signal, ...(beside && { beside: beside.start }) }));
      if (beside !== undefined) replayed.push(await beside.replayed());
    }
  }
  return { ...runs, replayed, ratio: Math.round((medianRate(runs.with) / medianRate(runs.without)) * 1_000) / 1_000 };
};

const medianRate = (runs: readonly DrainRun[]): number =>
  runs.map(({ issuedPerSecond }) => issuedPerSecond).toSorted((a, b) => a - b)[runs.length >> 1] ?? Number.NaN;

/** Writes letters; answers what starts their replay, and how many were sent when it was stopped. */
const replayOf = async (stage: Stage, couponId: string) => {
  const topology = couponIssuing.graph.name;
  await openCoupons(stage, { coupons: [{ couponId, stock: letters }] });
  await writeLetters(stage, { letters, couponId, causes: 1, code: couponId });
  const sent = async (): Promise<number> =>
    (await stage.admin.endOffsets(retryTopic(topology))).reduce((sum, end) => sum + Number(end), 0);
  const before = await sent();
  let after = before;
  const start = async () => {
    const meant = ["--code", `${couponId}-0`, "--reason", "bench", "--yes"];
    // Live records are behind all the time, as they were preloaded: the replay must not wait for them.
    // The worker that is measured is started when letters are being sent, so there is none to wait for.
    const limits = ["--rate", String(rate), "--max-lag", "1000000000", "--canary", "0", "--no-wait"];
    const args = ["dlq", "replay", "--topology", topology, ...meant, ...limits];
    const { child, ran } = startSluice(endpointsEnv(stage.endpoints), args);
    const first = (async () => {
      while ((await sent()) === before) await sleep(100);
    })();
    await Promise.race([first, ran.then(({ stderr }) => Promise.reject(new Error(`the replay ended: ${stderr}`)))]);
    return async (): Promise<void> => {
      after = await sent();
      child.kill("SIGINT");
      const { exitCode, stderr } = await ran;
      if (exitCode !== 130) throw new Error(`the replay ended by itself with ${exitCode}: ${stderr}`);
    };
  };
  return { start, replayed: async () => after - before };
};
