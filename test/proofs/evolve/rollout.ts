/** A release takes over from another under load, step by step as an operator does it: workers first, or APIs first. */
import { setTimeout as sleep } from "node:timers/promises";
import { note } from "../../../engine/app/cli.ts";
import type { StackChild, StackChildPlan } from "../../../dev/children.ts";
import type { Load } from "./load.ts";
import type { Release } from "./release.ts";

/** The processes of one release. */
export interface Fleet {
  readonly release: Release;
  readonly api: StackChild;
  readonly workers: readonly [StackChild, StackChild];
}

/** What ran side by side for a while, and what came of it meanwhile. */
export interface Phase {
  readonly apis: string;
  readonly workers: string;
  readonly accepted: number;
  readonly decided: number;
  readonly slowestMs: number;
  /** Records that the workers of each release had in rounds, by its name. */
  readonly byRelease: Readonly<Record<string, number>>;
}

/** Starts one process of a release on the stack, and waits until it is ready. */
export type StartOf = (release: Release, process: Pick<StackChildPlan, "command" | "name">) => Promise<StackChild>;

/** Starts a whole release. */
export const startFleet = async (start: StartOf, release: Release): Promise<Fleet> => {
  const [api, ...workers] = await Promise.all([
    startApi(start, release),
    startWorker(start, release, 1),
    startWorker(start, release, 2),
  ]);
  return { release, api, workers };
};

const startApi = (start: StartOf, release: Release): Promise<StackChild> =>
  start(release, { command: "api", name: `api-${release.name}` });
const startWorker = (start: StartOf, release: Release, n: 1 | 2): Promise<StackChild> =>
  start(release, { command: "worker", name: `worker-${release.name}-${n}` });

/** What a roll works with. */
export interface Rolling {
  readonly load: Load;
  readonly start: StartOf;
  /** Requests that are decided in each phase at least. */
  readonly decisionsEach: number;
  readonly signal: AbortSignal;
}

/** Rolls from one release, which serves `load`, to another that is deployed. Answers what runs then, and each phase. */
export const roll = async (
  rolling: Rolling,
  { from, to, first }: { readonly from: Fleet; readonly to: Release; readonly first: "workers" | "apis" },
): Promise<{ readonly fleet: Fleet; readonly phases: readonly Phase[] }> => {
  const { load, start } = rolling;
  const phases: Phase[] = [];
  let apis: readonly AtWork[] = [{ release: from.release, at: from.api }];
  let workers: readonly AtWork[] = from.workers.map((at) => ({ release: from.release, at }));
  const live = async (): Promise<void> => {
    const sides = { apis: namesOf(apis), workers: namesOf(workers) };
    note(`  APIs ${sides.apis}, workers ${sides.workers}`);
    const before = await recordsOf(workers);
    const came = await during(rolling);
    const after = await recordsOf(workers);
    const byRelease = Object.fromEntries([...after].map(([name, n]) => [name, n - (before.get(name) ?? 0)]));
    phases.push({ ...sides, ...came, byRelease });
  };
  const rollWorkers = async (): Promise<Fleet["workers"]> => {
    const one = await startWorker(start, to, 1);
    await from.workers[0].child.stop();
    workers = [...workers.slice(1), { release: to, at: one }];
    await live();
    const two = await startWorker(start, to, 2);
    await from.workers[1].child.stop();
    workers = [...workers.slice(1), { release: to, at: two }];
    await live();
    return [one, two];
  };
  const rollApi = async (): Promise<StackChild> => {
    const api = await startApi(start, to);
    await load.use([from.api.url, api.url]);
    apis = [...apis, { release: to, at: api }];
    await live();
    await load.use([api.url]);
    await from.api.child.stop();
    apis = apis.slice(1);
    await live();
    return api;
  };
  await live();
  if (first === "workers") {
    const workers = await rollWorkers();
    return { fleet: { release: to, workers, api: await rollApi() }, phases };
  }
  const api = await rollApi();
  return { fleet: { release: to, api, workers: await rollWorkers() }, phases };
};

interface AtWork {
  readonly release: Release;
  readonly at: StackChild;
}

const namesOf = (all: readonly AtWork[]): string => [...new Set(all.map(({ release }) => release.name))].join(" and ");

/** Records that workers have had in rounds since their start, by release. */
const recordsOf = async (workers: readonly AtWork[]): Promise<ReadonlyMap<string, number>> => {
  const sums = new Map<string, number>();
  for (const { release, at } of workers) {
    const metrics = await (await fetch(`${at.healthUrl}/metrics`)).text();
    const counted = [...metrics.matchAll(/^sluice_round_records_sum\{.*\} (\d+)$/gm)].map(([, n]) => Number(n));
    sums.set(
      release.name,
      counted.reduce((sum, n) => sum + n, sums.get(release.name) ?? 0),
    );
  }
  return sums;
};

/** How long a phase may take, ms. */
const phaseTimeoutMs = 90_000;

/** Waits until enough was decided that was accepted after this began. @throws Error where it takes too long */
const during = async ({
  load: { progress },
  decisionsEach,
  signal,
}: Rolling): Promise<Pick<Phase, "accepted" | "decided" | "slowestMs">> => {
  const deadlineAt = Date.now() + phaseTimeoutMs;
  const before = { accepted: progress.accepted, decided: progress.decided };
  progress.slowestMs();
  // Those that were in flight are decided, and as many as it takes beside them.
  while (progress.decided - before.accepted < decisionsEach) {
    signal.throwIfAborted();
    if (Date.now() > deadlineAt)
      throw new Error(
        `expected ${decisionsEach} decisions in ${phaseTimeoutMs} ms, got ${progress.decided - before.accepted}`,
      );
    await sleep(50);
  }
  return {
    accepted: progress.accepted - before.accepted,
    decided: progress.decided - before.decided,
    slowestMs: progress.slowestMs(),
  };
};
