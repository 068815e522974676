/** Dead letters for the console: what `sluice dlq` shows and does, by the commands' own code, without a terminal. */
import type {
  AttemptDocument,
  JobDocument,
  LetterListDocument,
  LettersDocument,
  ReplayPlanDocument,
} from "../../console/documents.ts";
import { defaultLimits, isResumable, type ReplayLimits } from "../../dlq/jobs/job.ts";
import type { Selection } from "../../dlq/letters/select.ts";
import type { LetterState } from "../../dlq/letters/state.ts";
import { sendingMs } from "../../dlq/plan/plan.ts";
import type { RunProgress } from "../../dlq/run/runner.ts";
import { CliError, exitCodes } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import { lookAt, selected } from "../dlq/look.ts";
import { lookAtGroups } from "../dlq/looking.ts";
import { type OpenDlq, replaysToChange, withDlq } from "../dlq/open.ts";
import { discardLetters, wantedState } from "../dlq/replay/discard.ts";
import { askRunner, shownJobs, type ShownJob } from "../dlq/replay/jobs.ts";
import { documentOf } from "../dlq/replay/plan-verb.ts";
import { type PlannedReplay, planOf } from "../dlq/replay/planning.ts";
import { jobToResume, resumeJob } from "../dlq/replay/resume-job.ts";
import { beginJob } from "../dlq/replay/run-job.ts";
import { selectionOf, type SelectOptions } from "../dlq/selection.ts";
import { showRecord, shownJson } from "../dlq/show.ts";
import { letterJson } from "../dlq/words.ts";
import { createJobRuns } from "./job-runs.ts";
import { createReading } from "./readings.ts";

/** Which letters are meant: those of one cause, or of one record. */
export type Meant = Pick<SelectOptions, "fingerprint"> & { readonly id?: string };

/** What an operator says beside what is meant. */
export interface Act {
  readonly actor: string;
  /** Why, for the audit log. */
  readonly reason: string;
}

/** Dead letters, as pages ask for them and act on them. Each call is refused with a CliError that says what to do, and a reading with a ConsoleFailure (503) where too many wait. */
export interface LettersData {
  readonly look: (topology: string) => Promise<LettersDocument>;
  readonly list: (topology: string, meant: Meant) => Promise<LetterListDocument>;
  readonly show: (topology: string, id: string) => Promise<readonly AttemptDocument[]>;
  readonly plan: (topology: string, meant: Meant, limits: ReplayLimits) => Promise<ReplayPlanDocument>;
  /** Begins a replay of as many letters as were planned; answers its job's id. It goes on in this process. */
  readonly replay: (
    topology: string,
    meant: Meant,
    how: Act & { readonly limits: ReplayLimits; readonly planned: number },
  ) => Promise<string>;
  /** Goes on here with a job that did not end, as it was planned; answers its id. */
  readonly resume: (topology: string, job: string, by: Act) => Promise<string>;
  /** Answers how many. */
  readonly discard: (topology: string, meant: Meant, how: Act & { readonly undo: boolean }) => Promise<number>;
  readonly ask: (topology: string, job: string, wanted: "paused" | "cancelled", by: Act) => Promise<void>;
  /** Ends the replays that run here after their batch; they can be resumed. */
  readonly close: () => Promise<void>;
}

/** Letters of a list that are sent to a browser. */
const mostListed = 200;
/** Readings of dead letters at once: each has all of a topology's in memory. */
const mostReadings = 2;
/** Readings that wait for their turn: whoever asks then would wait for minutes. */
const mostWaiting = 20;

/** The limits of a replay that a page may set; the others are the command's. */
export const limitsWith = (own: Partial<Pick<ReplayLimits, "rate" | "canary">>): ReplayLimits => ({
  ...defaultLimits,
  ...own,
});

/** Dead letters of an application. Opens what it reads for each question, by `opened`. */
export const createLetters = <Config extends EngineConfig>(
  app: App<Config>,
  config: Config,
  opened: <T>(work: (open: OpenDlq<Config>) => Promise<T>) => Promise<T> = (work) => withDlq(app, config, work),
): LettersData => {
  const inTurn = createReading(mostReadings, mostWaiting);
  const runs = createJobRuns(opened);
  const reading = <T>(work: (open: OpenDlq<Config>) => Promise<T>): Promise<T> => inTurn(() => opened(work));
  const looking = new Map<string, Promise<LettersDocument>>();
  const readLook = (topology: string): Promise<LettersDocument> =>
    reading(async (open) => {
      const selection = selectionOf([], { state: "all" }, { states: [], now: Date.now() });
      const { groups, warnings } = await lookAtGroups(open, { topology }, selection);
      const jobs = open.replays === undefined ? [] : await shownJobs(open, open.replays, topology, undefined);
      return {
        topology,
        groups,
        jobs: jobs.map((job) => jobShown(job, runs.progressOf(job.job.id))),
        warnings,
      };
    });
  const planned = (open: OpenDlq<Config>, topology: string, meant: Meant, limits: ReplayLimits) =>
    planOf(open, replaysToChange(open), { topology, limits, selection: selectionFor(meant, ["open", "pending"]) });
  return {
    look: (topology) => {
      // Whoever asks while it is read is given the same: each reading is of a whole topic.
      const look = looking.get(topology) ?? readLook(topology).finally(() => looking.delete(topology));
      looking.set(topology, look);
      return look;
    },
    list: (topology, meant) =>
      reading(async (open) => {
        const { standings, warnings } = await lookAt(open, { topology });
        const found = selected(standings, selectionFor(meant, undefined), { topology });
        return { letters: found.slice(0, mostListed).map(letterJson), total: found.length, warnings };
      }),
    show: (topology, id) => reading(async (open) => shownJson(await showRecord(open, { topology }, id))),
    plan: (topology, meant, limits) => reading(async (open) => planShown(await planned(open, topology, meant, limits))),
    replay: (topology, meant, { actor, reason, limits, planned: letters }) =>
      runs.start(topology, async (open) => {
        const plan = await planned(open, topology, meant, limits);
        refuseUnplanned(plan, letters);
        const document = documentOf(plan, undefined);
        return (lock) => beginJob(lock, { topology, document, actor, reason });
      }),
    resume: (topology, id, by) =>
      runs.start(topology, async (_, replays) => {
        const job = await jobToResume(replays, id, topology);
        return (lock) => resumeJob(lock, job, by);
      }),
    discard: async (topology, meant, { undo, reason, actor }) => {
      const selection = selectionFor(meant, [wantedState(undo)]);
      const discarding = { topology, selection, undo, reason, actor, lockWaitMs: 0, agree: async () => {} };
      return (await reading((open) => discardLetters(open, discarding))).letters;
    },
    ask: async (topology, job, wanted, { actor, reason }) => {
      // It reads one row: a replay is not to send on while readers have their turns.
      await opened((open) => askRunner(open, job, wanted, { topology, actor, reason }));
    },
    close: runs.close,
  };
};

/** Never all of them: a page means a cause, or a record. `states` are all where not given. @throws CliError (USAGE) */
const selectionFor = ({ id, fingerprint }: Meant, states: readonly LetterState[] | undefined): Selection => {
  if (id === undefined && fingerprint === undefined)
    throw new CliError("nothing says which letters are meant", { code: "USAGE", exitCode: exitCodes.usage });
  const own = fingerprint === undefined ? {} : { fingerprint };
  const options = states === undefined ? { ...own, state: "all" } : own;
  return selectionOf(id === undefined ? [] : [id], options, { states: states ?? [], now: Date.now() });
};

const refuseUnplanned = ({ plan, refusals }: PlannedReplay, letters: number): void => {
  const [refusal] = refusals;
  if (refusal !== undefined)
    throw new CliError(refusal.text, { code: refusal.code, exitCode: exitCodes.refused, fix: refusal.fix });
  if (plan.counts.ready === letters) return;
  throw new CliError(
    `the plan is out of date, nothing was sent: it had ${letters} letter(s) ready, and now there are ${plan.counts.ready}`,
    { code: "PLAN_OUT_OF_DATE", exitCode: exitCodes.conflict, fix: "Plan again." },
  );
};

const planShown = ({ plan, readers, advice, refusals, warnings }: PlannedReplay): ReplayPlanDocument => {
  const { topology, limits, counts } = plan;
  return {
    ...{ topology, limits, counts, readers, advice, warnings },
    sendingMs: sendingMs(counts.ready, limits),
    refusals: refusals.map(({ code, text: message, fix }) => ({ code, message, fix })),
  };
};

/** Of a job that runs here, what it says itself: it is fresher. */
const jobShown = ({ job, state, ...standing }: ShownJob, progress: RunProgress | undefined): JobDocument => {
  const { sent, resolved, failedAgain, pending, newMeanwhile } = progress ?? standing;
  const { id, actor, reason, startedAt, document } = job;
  return {
    ...{ id, actor, reason, startedAt, state, sent, resolved, failedAgain, pending, newMeanwhile },
    planned: document.count,
    canBeResumed: isResumable(job.state) && state !== "at work",
    waitingFor: progress?.waitingFor ?? null,
  };
};
