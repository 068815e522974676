/** Whether a replay slows live records down: the same load in turn with and without a replay beside it. */
import { setTimeout as sleep } from "node:timers/promises";
import { note } from "../../../engine/app/cli.ts";
import { retryTopic } from "../../../engine/worker/round/retry-record.ts";
import { couponIssuing } from "../../../topology/coupon-issuing.ts";
import { startSluice } from "../../run-sluice.ts";
import { endpointsEnv } from "../../stack/endpoints.ts";
import { drain } from "../coupons/drain.ts";
import { openCoupons } from "../coupons/preload.ts";
import { inTurn, type InTurn } from "../in-turn.ts";
import { uniform } from "../scenarios.ts";
import type { Stage } from "../stage.ts";
import { writeLetters } from "./letters.ts";
import { unless } from "../while-it-lives.ts";

/** Live records with and without a replay beside them. */
export interface BesideReplay extends InTurn {
  /** Letters that were sent while live records were decided, of each run with a replay. */
  readonly replayed: readonly number[];
}

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
  const replayed: number[] = [];
  const runs = await inTurn(async (kind, turn) => {
    note(`ops: ${requests} live records ${kind} a replay at ${rate}/s beside them, ${turn}`);
    const scenario = uniform(`${prefix}-${kind}${turn.at(0)}`, requests);
    if (kind === "without") return drain(stage, scenario, { signal });
    const replay = await replayOf(stage, `${prefix}-again${turn.at(0)}`);
    const run = await drain(stage, scenario, { signal, beside: replay.start });
    replayed.push(await replay.replayed());
    return run;
  });
  return { ...runs, replayed };
};

/** Writes letters; answers what starts their replay, and how many were sent when it was stopped. */
const replayOf = async (stage: Stage, couponId: string) => {
  const topology = couponIssuing.graph.name;
  await openCoupons(stage, { coupons: [{ couponId, stock: letters }] });
  await writeLetters(stage, { letters, couponId, causes: 1, code: couponId });
  const sentYet = async (): Promise<number> =>
    (await stage.admin.endOffsets(retryTopic(topology))).reduce((sum, end) => sum + Number(end), 0);
  const before = await sentYet();
  let after = before;
  const start = async () => {
    const meant = ["--code", `${couponId}-0`, "--reason", "bench", "--yes"];
    // Live records are behind all the time, as they were preloaded: the replay must not wait for them.
    // The worker that is measured is started when letters are being sent, so there is none to wait for.
    const limits = ["--rate", String(rate), "--max-lag", "1000000000", "--canary", "0", "--no-wait"];
    const args = ["dlq", "replay", "--topology", topology, ...meant, ...limits];
    const { child, ran } = startSluice(endpointsEnv(stage.endpoints), args);
    const ended = ran.then(({ stderr }) => Promise.reject(new Error(`the replay ended: ${stderr}`)));
    await unless(ended, stage.signal, async (signal) => {
      while ((await sentYet()) === before) await sleep(100, undefined, { signal });
    });
    return async (): Promise<void> => {
      after = await sentYet();
      child.kill("SIGINT");
      const { exitCode, stderr, document } = await ran;
      if (exitCode !== 130) throw new Error(`the replay ended by itself with ${exitCode}: ${stderr}`);
      // A letter that fails again costs something else than one that is decided.
      const { sent = 0, failedAgain = 0 } = (document?.data ?? {}) as { sent?: number; failedAgain?: number }; // Our own.
      if (sent === 0 || failedAgain > 0) throw new Error(`of ${sent} letters sent ${failedAgain} failed again`);
    };
  };
  return { start, replayed: async () => after - before };
};
