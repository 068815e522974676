/** Replays a topology's letters by the real command, while its runner and its worker are killed at random moments. */
import { setTimeout as sleep } from "node:timers/promises";
import type { StackChild } from "../../../dev/children.ts";
import { note } from "../../../engine/app/cli.ts";
import type { TopologyName } from "./kinds.ts";
import { type Ran, sluice, startSluice } from "../../../dev/run-sluice.ts";

/** How a topology is replayed. */
export interface Replaying {
  readonly topology: TopologyName;
  readonly env: Readonly<Record<string, string>>;
  /** Letters that are ready. */
  readonly letters: number;
  readonly runnerKills: number;
  /** At most as many as runners are killed. */
  readonly workerKills: number;
  /** Starts a worker of the topology, and waits until it is ready. */
  readonly startWorker: () => Promise<StackChild>;
  readonly worker: StackChild;
  /** Records of the retry topic. */
  readonly sent: () => Promise<number>;
}

/** What came of it. */
export interface Replayed {
  readonly topology: TopologyName;
  /** Runners that were killed at work, and how many of them had not written their job down yet. */
  readonly runnersKilled: number;
  readonly killedBeforeTheirJob: number;
  readonly workersKilled: number;
  /** The last runner's end: `done`. */
  readonly end: string;
  readonly exitCode: number | null;
  readonly sent: number;
  readonly resolved: number;
  readonly failedAgain: number;
  readonly pending: number;
  readonly copies: number;
  readonly tookMs: number;
}

interface Job {
  readonly id: string;
  readonly reason: string;
}

const reason = "proof";
/** A killed runner's lock ends with its connection. */
const lockTimeout = ["--lock-timeout", "20"];
/** A runner is killed at some moment of its first seconds: its start, its plan, its canary or its sending. */
const killAfterMs = { least: 300, most: 4_500 };
/** A killed runner sends for two to three seconds: with so many for each, the job outlasts them all. */
const sendingSeconds = 4;
/** Runners of which none could begin, before it is given up. */
const patience = 10;

const randomMs = (): number => killAfterMs.least + Math.random() * (killAfterMs.most - killAfterMs.least);

/** Replays until everything is decided. @throws Error where a runner ends in a way that is not expected. */
export const replayUnderKills = async (replaying: Replaying): Promise<Replayed> => {
  const { topology, env, letters, runnerKills, workerKills, startWorker } = replaying;
  const startedAt = performance.now();
  const rate = String(Math.max(1, Math.ceil(letters / (runnerKills * sendingSeconds))));
  const [runners, workers] = [{ killed: 0, early: 0 }, { killed: 0 }];
  let worker = replaying.worker;
  let starting: Promise<void> | undefined;
  const killWorker = async (): Promise<void> => {
    await starting;
    worker.child.signal("SIGKILL");
    await worker.child.ended;
    workers.killed += 1;
    starting = startWorker().then((started) => {
      worker = started;
    });
    starting.catch(() => {}); // Awaited below.
  };
  let job: Job | undefined;
  const argsNow = async (): Promise<readonly string[]> => {
    job ??= await jobOf(env, topology);
    const meant = ["--all", "--confirm", topology, "--reason", reason, "--rate", rate, "--abort-at", "100"];
    const what = job === undefined ? meant : ["--resume", job.id];
    return ["dlq", "replay", "--topology", topology, ...what, ...lockTimeout, "--yes"];
  };
  for (let tries = 0; runners.killed < runnerKills && tries < runnerKills + patience; tries += 1) {
    const args = await argsNow();
    const { child, ran } = startSluice(env, args);
    // Every other runner loses the worker first, until enough workers are gone.
    if (
      workers.killed < workerKills &&
      (tries % 2 === 0 || runnerKills - runners.killed <= workerKills - workers.killed)
    ) {
      await Promise.race([atWork(replaying), ran]);
      await killWorker();
    }
    await Promise.race([sleep(randomMs()), ran]);
    const isKilled = child.exitCode === null && child.kill("SIGKILL");
    const { exitCode, document, stderr } = await ran;
    if (isKilled && child.signalCode === "SIGKILL") {
      runners.killed += 1;
      job ??= await jobOf(env, topology);
      if (job === undefined) runners.early += 1;
      continue;
    }
    note(
      `${topology}: a runner ended before it was killed: exit ${exitCode} ${JSON.stringify(document?.errors)} ${stderr}`,
    );
    // Its worker was just killed: nobody reads.
    if (exitCode !== 4) break;
  }
  await starting;
  const last = await lastRunner(env, topology, argsNow);
  note(`${topology}: ${runners.killed} runners and ${workers.killed} workers killed, ${last.exitCode}`);
  const { data } = last.document ?? {};
  const { end, sent, resolved, failedAgain, pending, copies } = data as Omit<Replayed, "topology">; // Of `dlq replay`.
  return {
    topology,
    runnersKilled: runners.killed,
    killedBeforeTheirJob: runners.early,
    workersKilled: workers.killed,
    ...{ end, exitCode: last.exitCode, sent, resolved, failedAgain, pending, copies },
    tookMs: Math.round(performance.now() - startedAt),
  };
};

/** Resolves up to half a second after the runner has sent something: then a worker has something to decide. */
const atWork = async ({ sent }: Replaying): Promise<void> => {
  const before = await sent();
  for (const deadlineAt = Date.now() + 10_000; Date.now() < deadlineAt; await sleep(20))
    if ((await sent()) > before) break;
  await sleep(Math.random() * 500);
};

const lastRunner = async (
  env: Readonly<Record<string, string>>,
  topology: TopologyName,
  argsNow: () => Promise<readonly string[]>,
): Promise<Ran> => {
  const ran = await sluice(env, ...(await argsNow()));
  if (ran.document?.data === undefined || ran.document.data === null)
    throw new Error(`the last runner of ${topology} says nothing: exit ${ran.exitCode} ${ran.stderr}`);
  return ran;
};

const jobOf = async (env: Readonly<Record<string, string>>, topology: TopologyName): Promise<Job | undefined> => {
  const { document, stderr } = await sluice(env, "dlq", "status", "--topology", topology);
  if (document === undefined) throw new Error(`no status of ${topology}: ${stderr}`);
  return (document.data as readonly Job[]).find((job) => job.reason === reason); // Of `dlq status`.
};
