/** The verbs of `sluice dlq` about jobs: status, cancel and pause. */
import { isResumable, type ReplayJob } from "../../../dlq/jobs/job.ts";
import type { Replays } from "../../../dlq/jobs/replays.ts";
import { jobStanding, type Progress } from "../../../dlq/jobs/standing.ts";
import { readStandings } from "../../../dlq/read/read-standings.ts";
import {
  CliError,
  count,
  environment,
  exitCodes,
  formatTable,
  jsonDocument,
  nextText,
  print,
  printJson,
} from "../../cli.ts";
import type { EngineConfig } from "../../config/engine-config.ts";
import { type App, topologyNames } from "../../define-app.ts";
import { actorOf, hostOf } from "../../deploying/open.ts";
import { loadConfig } from "../../process/process.ts";
import { lettersOf, type OpenDlq, replaysToChange, withDlq } from "../open.ts";
import { agoText, cell } from "../words.ts";

/** Options of these verbs. */
export interface JobOptions {
  readonly topology?: string;
  readonly json?: boolean;
}

/** A job with how far it is. */
export interface ShownJob extends Progress {
  readonly job: ReplayJob;
  /** `at work`, or what became of it; a job whose runner was killed has `no runner`. */
  readonly state: string;
}

/** `status`: jobs, newest first, or one. Exit code 3 where one is not at its end. */
export const jobStatusVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  id: string | undefined,
  { topology, json }: JobOptions,
): Promise<void> => {
  const jobs = await withDlq(app, await loadConfig(app), async (open) => {
    const replays = replaysToChange(open);
    const only = id === undefined ? undefined : await jobNamed(replays, id, topology);
    const topologies =
      only === undefined ? (topology === undefined ? topologyNames(app) : [topology]) : [only.topology];
    const shown: ShownJob[] = [];
    for (const one of topologies) shown.push(...(await shownJobs(open, replays, one, only)));
    return shown;
  });
  const isOpen = jobs.some(({ job, pending }) => isResumable(job.state) || (job.state === "finished" && pending > 0));
  if (isOpen) process.exitCode = exitCodes.pending;
  const unfinished = jobs.find(({ job, state }) => isResumable(job.state) && state !== "at work")?.job;
  const next = [
    unfinished === undefined
      ? `sluice dlq groups --topology ${jobs[0]?.job.topology ?? topology ?? topologyNames(app)[0]}`
      : `sluice dlq replay --topology ${unfinished.topology} --resume ${unfinished.id.slice(0, 8)}`,
  ];
  if (json) {
    const data = jobs.map(({ job, state, ...standing }) => {
      const { document, ...row } = job;
      return {
        ...row,
        planned: document.count,
        selection: document.selection,
        limits: document.limits,
        ...standing,
        state,
      };
    });
    return printJson(jsonDocument("dlq.status", data, { next }));
  }
  if (jobs.length > 0) print(jobTable(jobs));
  print(`${count(jobs.length)} job(s). ${nextText(next)}`);
};

/** Jobs of a topology that are shown. */
const shownMax = 20;

/** The newest jobs of a topology with how far they are, or one job. */
export const shownJobs = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  replays: Replays,
  topology: string,
  only: ReplayJob | undefined,
): Promise<readonly ShownJob[]> => {
  const jobs = only === undefined ? await replays.jobs(topology, shownMax) : [only];
  if (jobs.length === 0) return [];
  const [isAtWork, facts] = [
    await replays.isLocked(topology),
    await readStandings({ cluster: open.cluster, replays }, lettersOf(open, topology)),
  ];
  return jobs.map((job) => {
    const running = isAtWork ? "at work" : "no runner";
    return { ...jobStanding(job, facts), job, state: job.state === "running" ? running : job.state };
  });
};

const jobTable = (jobs: readonly ShownJob[]): string => {
  const right = ["letters", "sent", "resolved", "failed again", "pending", "new"];
  return formatTable(
    ["job", "began", "by", "state", ...right],
    jobs.map(({ job, state, sent, resolved, failedAgain, pending, newMeanwhile }) => [
      job.id.slice(0, 8),
      agoText(job.startedAt, Date.now()),
      cell(job.actor, 10),
      state,
      ...[job.document.count, sent, resolved, failedAgain, pending, newMeanwhile].map(count),
    ]),
    { right },
  );
};

/** The job of an id, of this topology where one is named. @throws CliError where no job's id, or more than one, begins so */
const jobNamed = async (replays: Replays, id: string, topology: string | undefined): Promise<ReplayJob> => {
  const job = await replays.job(id);
  if (job !== undefined && (topology === undefined || job.topology === topology)) return job;
  const why = job === undefined ? ", or more than one does" : `; ${job.id.slice(0, 8)} is one of ${job.topology}`;
  throw new CliError(`no job's id${topology === undefined ? "" : ` of ${topology}`} begins with ${id}${why}`, {
    code: "NO_SUCH_JOB",
    exitCode: exitCodes.usage,
    fix: "Next: sluice dlq status",
  });
};

/** Options of `cancel` and `pause`. */
export interface AskOptions {
  readonly topology?: string;
  readonly reason?: string;
  readonly actor?: string;
  readonly json?: boolean;
}

/** `cancel` and `pause`: the runner sees it before its next batch, within a second. Exit code 5 where the job has ended. */
export const askVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  id: string,
  wanted: "paused" | "cancelled",
  { topology, reason, actor, json }: AskOptions,
): Promise<void> => {
  const verb = wanted === "paused" ? "pause" : "cancel";
  const job = await withDlq(app, await loadConfig(app), (open) =>
    askRunner(open, id, wanted, { topology, reason: reason ?? null, actor: actor ?? actorOf(environment()) }),
  );
  const next = [
    wanted === "paused"
      ? `sluice dlq replay --topology ${job.topology} --resume ${job.id.slice(0, 8)}`
      : `sluice dlq status ${job.id.slice(0, 8)}`,
  ];
  if (json) return printJson(jsonDocument(`dlq.${verb}`, { job: job.id, state: wanted }, { next }));
  print(`Job ${job.id.slice(0, 8)} is ${wanted}; what is sent stays sent. ${nextText(next)}`);
};

/**
 * Asks the runner of a job to pause it, or to end it for good; answers the job.
 * @throws CliError (NO_SUCH_JOB, JOB_ENDED)
 */
export const askRunner = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  id: string,
  wanted: "paused" | "cancelled",
  by: { readonly topology: string | undefined; readonly reason: string | null; readonly actor: string },
): Promise<ReplayJob> => {
  const { topology, reason, actor } = by;
  const replays = replaysToChange(open);
  const found = await jobNamed(replays, id, topology);
  const operation = {
    ...{ actor, host: hostOf(), reason },
    verb: `dlq ${wanted === "paused" ? "pause" : "cancel"}`,
    document: { job: found.id },
  };
  if (await replays.ask(found.id, wanted, operation)) return found;
  throw new CliError(`job ${found.id.slice(0, 8)} has ended: it is ${found.state}`, {
    code: "JOB_ENDED",
    exitCode: exitCodes.conflict,
    fix: `Next: sluice dlq status ${found.id.slice(0, 8)}`,
  });
};
