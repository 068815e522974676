/** How a replay ended: in words, as an exit code, and what to do next. */
import type { ReplayJob } from "../../../dlq/jobs/job.ts";
import type { Replays } from "../../../dlq/jobs/replays.ts";
import type { RunEnd, RunOutcome, RunProgress } from "../../../dlq/run/runner.ts";
import {
  CliError,
  count,
  describeError,
  type ExitCode,
  exitCodes,
  InterruptedError,
  jsonDocument,
  nextText,
  print,
  printJson,
} from "../../cli.ts";
import { tookText } from "../words.ts";

/** A job that is run, with its operation. */
export type StartedJob = Pick<ReplayJob, "id" | "document" | "operation" | "topology">;

/** A run and the job it was of. */
export interface RanJob {
  readonly job: StartedJob;
  readonly outcome: RunOutcome;
  readonly tookMs: number;
}

/** How far it is, in a line. */
export const progressText = (run: RunProgress): string => {
  const { planned, sent, resolved, failedAgain, pending, waitingFor } = run;
  const texts = [
    `${count(planned)} letters`,
    `sent ${count(sent)}`,
    `resolved ${count(resolved)}`,
    `failed again ${count(failedAgain)}`,
    `pending ${count(pending)}`,
    ...notSentTexts(run),
    ...(waitingFor === undefined ? [] : [`waiting for ${waitingFor}`]),
  ];
  return texts.join("  ");
};

const notSentTexts = ({ notSent }: RunProgress): readonly string[] =>
  Object.entries(notSent).flatMap(([why, letters]) => (letters > 0 ? [`${why} ${count(letters)}`] : []));

/** Prints how it ended: a line with the job, or one document. */
export const showOutcome = (ran: RanJob, json: boolean): void => {
  const { job, outcome, tookMs } = ran;
  const { end, progress } = outcome;
  const next = nextAfter(ran);
  const error = outcomeError(ran);
  if (json) {
    const errors = error === undefined ? [] : [{ code: error.code, message: error.message, fix: error.fix ?? "" }];
    const status = error === undefined ? "ok" : "failed";
    const data = { job: job.id, topology: job.topology, end, ...progress, tookMs: Math.round(tookMs) };
    printJson(jsonDocument("dlq.replay", data, { status, errors, next }));
    return;
  }
  print(`job ${job.id.slice(0, 8)}  ${progressText(progress)}  ${tookText(tookMs)}`);
  if (progress.copies > 0) print(`${progress.copies} retry record(s) are there twice; each takes effect once.`);
  if (progress.newMeanwhile > 0) print(`${progress.newMeanwhile} new letter(s) of this kind came meanwhile.`);
  if (error === undefined) print(nextText(next));
};

const resumeLine = ({ job }: RanJob): string =>
  `sluice dlq replay --topology ${job.topology} --resume ${job.id.slice(0, 8)}`;

const nextAfter = (ran: RanJob): readonly string[] => {
  const { end } = ran.outcome;
  if (["done", "cancelled", "lost"].includes(end)) return [`sluice dlq groups --topology ${ran.job.topology}`];
  return [resumeLine(ran)];
};

/** The error of a replay that did not resolve everything; undefined where it did. */
export const outcomeError = (ran: RanJob): CliError | undefined => {
  const { end, error, progress } = ran.outcome;
  if (end === "interrupted") return new InterruptedError(`the user; ${resumeLine(ran)} goes on`);
  const { failedAgain, pending, notSent } = progress;
  const left = failedAgain + pending + notSent.gone + notSent["too-large"] + notSent["not-transformed"];
  if (end === "done" && left === 0) return undefined;
  const [code, exitCode, text] = endings[end];
  const why = error === undefined ? "" : `: ${describeError(error).message}`;
  return new CliError(`${text}${why}`, { code, exitCode, fix: `Next: ${nextAfter(ran).join(", ")}`, cause: error });
};

const endings: Readonly<Record<RunEnd, readonly [code: string, exitCode: ExitCode, text: string]>> = {
  done: ["NOT_ALL_RESOLVED", exitCodes.partial, "not every letter was resolved"],
  sent: ["NOT_ALL_DECIDED", exitCodes.partial, "everything was sent, and not all of it is decided"],
  interrupted: ["INTERRUPTED", exitCodes.interrupted, "interrupted"],
  paused: ["REPLAY_PAUSED", exitCodes.partial, "the job was paused"],
  cancelled: ["REPLAY_CANCELLED", exitCodes.partial, "the job was cancelled; what is sent stays sent"],
  stopped: ["TOO_MANY_FAILED_AGAIN", exitCodes.gate, "stopped: too many letters failed again"],
  stalled: ["NOTHING_DECIDED", exitCodes.partial, "nothing was decided for too long; does a worker run?"],
  lost: ["REPLAY_LOCK_LOST", exitCodes.conflict, "another runner has the job"],
  "database-away": ["DATABASE_AWAY", exitCodes.partial, "it cannot be proved that this still is the runner"],
  "log-away": ["LOG_AWAY", exitCodes.partial, "no broker answers"],
};

/** What the second one is answered: who has the lock. */
export const busyError = async (replays: Replays, topology: string): Promise<CliError> => {
  const running = (await replays.jobs(topology, 10)).find(({ state }) => state === "running");
  const who =
    running === undefined
      ? "another change of its letters"
      : `job ${running.id.slice(0, 8)} of ${running.actor}${running.reason === null ? "" : ` (${running.reason})`}`;
  return new CliError(`${who} is at work on topology ${topology}; nothing was changed`, {
    code: "REPLAY_BUSY",
    exitCode: exitCodes.conflict,
    fix: `Next: sluice dlq status --topology ${topology}`,
  });
};
