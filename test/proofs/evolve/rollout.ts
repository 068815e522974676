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
  const both = `${from.release.name} and ${to.name}`;
  const now = { apis: from.release.name, workers: from.release.name };
  const live = async (): Promise<void> => {
    note(`  APIs ${now.apis}, workers ${now.workers}`);
    phases.push({ ...now, ...(await during(rolling)) });
  };
  const rollWorkers = async (): Promise<Fleet["workers"]> => {
    const one = await startWorker(start, to, 1);
    await from.workers[0].child.stop();
    now.workers = both;
    await live();
    const two = await startWorker(start, to, 2);
    await from.workers[1].child.stop();
    now.workers = to.name;
    await live();
    return [one, two];
  };
  const rollApi = async (): Promise<StackChild> => {
    const api = await startApi(start, to);
    await load.use([from.api.url, api.url]);
    now.apis = both;
    await live();
    await load.use([api.url]);
    await from.api.child.stop();
    now.apis = to.name;
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

/** How long a phase may take, ms. */
const phaseTimeoutMs = 90_000;

/** Waits until enough was decided that was accepted after this began. @throws Error where it takes too long */
const during = async ({
  load: { progress },
  decisionsEach,
  signal,
}: Rolling): Promise<Omit<Phase, "apis" | "workers">> => {
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
