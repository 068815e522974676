/** `sluice dlq replay`: plans, asks, writes the job down, sends and waits; or goes on with a job. */
import { readFile } from "node:fs/promises";
import type { ReplayJob } from "../../../dlq/jobs/job.ts";
import type { ReplayLock, Replays } from "../../../dlq/jobs/replays.ts";
import type { Letter } from "../../../dlq/letters/letter.ts";
import { BadReplayPlan, readReplayPlan, type SavedReplay } from "../../../dlq/plan/plan-file.ts";
import { placesIn } from "../../../dlq/plan/ranges.ts";
import type { RunProgress } from "../../../dlq/run/runner.ts";
import { CliError, commandsOf, environment, exitCodes, interruptible, note, printJson } from "../../cli.ts";
import type { EngineConfig } from "../../config/engine-config.ts";
import { type App, topologyNamed } from "../../define-app.ts";
import { terminal } from "../../deploying/confirm.ts";
import { actorOf } from "../../deploying/open.ts";
import { loadConfig } from "../../process/process.ts";
import { showProgress } from "../../progress.ts";
import { type OpenDlq, replaysToChange, withDlq } from "../open.ts";
import { documentOf, limitsOf, type PlanOptions } from "./plan-verb.ts";
import { refuseReplanning } from "./kept-options.ts";
import { type PlannedReplay, planOf } from "./planning.ts";
import { busyError, outcomeError, progressText, type RanJob, showOutcome, type StartedJob } from "./outcome.ts";
import { refuseMoved } from "./refusals.ts";
import { jobToResume, resumeJob } from "./resume-job.ts";
import { beginJob, type JobRun, runUnderLock } from "./run-job.ts";
import { refuseAll, selectionOf } from "../selection.ts";
import { planDocument, planLines } from "./show-plan.ts";
import { loadTransform } from "./transform.ts";

/** Options of the verb. */
export interface ReplayOptions extends PlanOptions {
  readonly reason?: string;
  readonly actor?: string;
  readonly resume?: string;
  readonly all?: boolean;
  readonly confirm?: string;
  readonly yes?: boolean;
  /** s */
  readonly lockTimeout: number;
  /** s */
  readonly waitTimeout: number;
}

/**
 * Replays the letters that are meant, those of a saved plan, or what is left of a job. `typed` names the options that were typed,
 * and are no defaults.
 */
export const replayVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  files: readonly string[],
  options: ReplayOptions,
  typed: readonly string[],
): Promise<void> => {
  const { topology, resume } = options;
  if (resume !== undefined) refuseReplanning({ what: "a resumed job", options: typed, ids: files });
  const [saved, ids] = resume === undefined ? await savedIn(files) : [undefined, []];
  if (saved !== undefined) refuseReplanning({ what: "a saved plan", options: typed, ids });
  const config = await loadConfig(app);
  await withDlq(app, config, async (open) => {
    const replays = replaysToChange(open);
    const job = resume === undefined ? undefined : await jobToResume(replays, resume, topology);
    const agree: Agree =
      job === undefined
        ? await planning(open, replays, { saved, ids, options })
        : async () => (lock) => resumeJob(lock, job, resumedBy(job, options));
    // A question is not waited for under the lock. What others did with its letters meanwhile bars those.
    const isAsked = job === undefined && asksFirst(options);
    const agreed = isAsked ? await agree() : undefined;
    if (isAsked && agreed === undefined) return;
    const done = await replays.locked(topology, options.lockTimeout * 1_000, async (lock) => {
      const begin = agreed ?? (await agree());
      return begin && runShown(open, { lock, replays, options, job: await begin(lock) });
    });
    if (done === undefined) throw await busyError(replays, topology);
    if (done.value === undefined) return;
    showOutcome(done.value, options.json === true);
    const error = outcomeError(done.value);
    if (error !== undefined && !options.json) throw error;
    if (error !== undefined) process.exitCode = error.exitCode;
  });
};

const resumedBy = (job: ReplayJob, { actor, reason }: ReplayOptions) => ({
  actor: actor ?? actorOf(environment()),
  reason: reason ?? job.reason,
});

const savedIn = async (files: readonly string[]): Promise<readonly [SavedReplay | undefined, readonly string[]]> => {
  const [file, ...others] = files;
  // An id has slashes with numbers; what ends in .json, or is no id, is a file.
  if (file === undefined || others.length > 0 || /\/\d+\/\d+(@\d+)?$/.test(file)) return [undefined, files];
  try {
    return [readReplayPlan(await readFile(file, "utf8")), []];
  } catch (cause) {
    if (cause instanceof BadReplayPlan || (cause instanceof Error && "code" in cause)) {
      // What the system says of it otherwise: a folder, or a file that may not be read.
      const isMissing = "code" in cause && cause.code === "ENOENT";
      const why = isMissing ? "there is no such file, and it is no letter's id" : cause.message;
      throw new CliError(`${file}: ${why}`, {
        code: "BAD_PLAN_FILE",
        exitCode: exitCodes.usage,
        fix: "Next: sluice dlq plan --topology <name> --out <file>",
        cause,
      });
    }
    throw cause;
  }
};

/** Writes a job down under the lock. */
type Begin = (lock: ReplayLock) => Promise<StartedJob>;
/** Answers how the job begins; undefined where that is refused, or declined. Changes nothing. */
type Agree = () => Promise<Begin | undefined>;

/** Checks what needs no plan; what it answers plans, shows the plan, and asks where there is somebody to ask. */
const planning = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  replays: Replays,
  {
    saved,
    ids,
    options,
  }: { readonly saved: SavedReplay | undefined; readonly ids: readonly string[]; readonly options: ReplayOptions },
): Promise<Agree> => {
  const { topology, reason } = options;
  if (reason === undefined || reason.trim() === "")
    throw new CliError("a replay needs a reason, for the audit log", {
      code: "USAGE",
      exitCode: exitCodes.usage,
      fix: 'Give --reason "..."',
    });
  if (saved !== undefined && saved.topology !== topology)
    throw new CliError(`the plan is of topology ${saved.topology}, not of ${topology}`, {
      code: "USAGE",
      exitCode: exitCodes.usage,
    });
  const selection =
    saved?.document.selection ?? selectionOf(ids, options, { states: ["open", "pending"], now: Date.now() });
  if (saved === undefined) refuseAll(selection, { all: options.all === true, confirm: options.confirm, topology });
  const limits = saved?.document.limits ?? limitsOf(options);
  const text = saved?.document.transform ?? options.transform;
  const hosted = topologyNamed(open.app, topology);
  return async () => {
    const transform = text === undefined ? undefined : await loadTransform(text, open.config, hosted);
    const isMeant = saved === undefined ? undefined : placesMeant(saved);
    const request = { topology, limits, transform, selection: saved === undefined ? selection : {}, isMeant };
    const planned = await planOf(open, replays, request);
    if (saved !== undefined) refuseMoved(saved, planned);
    if (!(await isAgreed(planned, options, text !== undefined))) return undefined;
    const document = { ...documentOf(planned, text), selection };
    return (lock) => beginJob(lock, { topology, document, actor: options.actor ?? actorOf(environment()), reason });
  };
};

const placesMeant = ({ document }: SavedReplay): ((letter: Letter) => boolean) => {
  const isIn = placesIn(document.letters);
  return ({ place }) => isIn(place);
};

/** Whether somebody is there to be asked. */
const asksFirst = ({ yes, json }: ReplayOptions): boolean => !yes && !json && terminal() !== undefined;

/** Shows the plan, and asks where there is a terminal. False where it was refused or declined; the exit code says so. */
const isAgreed = async (planned: PlannedReplay, options: ReplayOptions, isTransformed: boolean): Promise<boolean> => {
  const { refusals, plan } = planned;
  for (const line of options.json ? [] : [...planned.warnings, ...planLines(planned, isTransformed)]) note(line);
  if (refusals.length > 0) {
    process.exitCode = exitCodes.refused;
    if (options.json)
      printJson(
        planDocument(
          "dlq.replay",
          planned,
          refusals.flatMap(({ fix }) => commandsOf(fix)),
        ),
      );
    else for (const { text, fix } of refusals) note(`REFUSED, nothing was sent: ${text}. ${fix}`);
    return false;
  }
  const ask = asksFirst(options) ? terminal() : undefined;
  if (ask === undefined || /^y(es)?$/i.test((await ask(`Replay ${plan.counts.ready} letters? [y/N] `)).trim()))
    return true;
  throw new CliError("not confirmed, nothing was sent", { code: "NOT_CONFIRMED", exitCode: exitCodes.usage });
};

/** Runs it with a line that says how far it is; Ctrl-C ends it after its batch. */
const runShown = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  { options, ...of }: Omit<JobRun, "patienceMs" | "signal" | "onProgress"> & { readonly options: ReplayOptions },
): Promise<RanJob> => {
  const name = `job ${of.job.id.slice(0, 8)}`;
  let line = `${name}: beginning`;
  const progress = options.json ? undefined : showProgress(() => line);
  const onProgress = (run: RunProgress): void => {
    line = `${name}  ${progressText(run)}`;
  };
  try {
    const patienceMs = options.waitTimeout * 1_000;
    return await interruptible((signal) => runUnderLock(open, { ...of, patienceMs, signal, onProgress }));
  } finally {
    progress?.stop();
  }
};
