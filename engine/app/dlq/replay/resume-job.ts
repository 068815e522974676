/** Goes on with a job that did not end, for a terminal or a page of the console. */
import { isResumable, type ReplayJob } from "../../../dlq/jobs/job.ts";
import type { ReplayLock, Replays } from "../../../dlq/jobs/replays.ts";
import { CliError, exitCodes } from "../../cli.ts";
import { hostOf } from "../../deploying/open.ts";
import type { StartedJob } from "./outcome.ts";

/** The job of a topology whose id begins so. @throws CliError (NO_SUCH_JOB), (JOB_ENDED) where it is cancelled or finished */
export const jobToResume = async (replays: Replays, id: string, topology: string): Promise<ReplayJob> => {
  const job = await replays.job(id);
  const fix = `Next: sluice dlq status --topology ${topology}`;
  if (job === undefined || job.topology !== topology)
    throw new CliError(`topology ${topology} has no job ${id}`, {
      code: "NO_SUCH_JOB",
      exitCode: exitCodes.usage,
      fix,
    });
  if (isResumable(job.state)) return job;
  throw new CliError(`job ${job.id} is ${job.state}`, { code: "JOB_ENDED", exitCode: exitCodes.refused, fix });
};

/** Each runner has an operation of its own: the job's first one says how its first runner ended. */
export const resumeJob = async (
  lock: ReplayLock,
  job: ReplayJob,
  { actor, reason }: { readonly actor: string; readonly reason: string | null },
): Promise<StartedJob> => {
  const operation = await lock.begin({
    ...{ actor, reason, host: hostOf() },
    verb: "dlq replay --resume",
    document: { job: job.id },
  });
  return { ...job, operation };
};
