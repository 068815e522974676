/** Replays that run in the console's process, until they end or it is closed. */
import type { ReplayLock, Replays } from "../../dlq/jobs/replays.ts";
import type { RunProgress } from "../../dlq/run/runner.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import { type OpenDlq, replaysToChange } from "../dlq/open.ts";
import { busyError, type StartedJob } from "../dlq/replay/outcome.ts";
import { runUnderLock } from "../dlq/replay/run-job.ts";

/** Checks what needs no lock; what it answers writes the run down under it. */
export type Prepare<Config extends EngineConfig> = (
  open: OpenDlq<Config>,
  replays: Replays,
) => Promise<(lock: ReplayLock) => Promise<StartedJob>>;

/** The runs of this process. */
export interface JobRuns<Config extends EngineConfig> {
  /** Begins one, and answers its job's id once it is written down. @throws CliError what `prepare` refuses, (REPLAY_BUSY) */
  readonly start: (topology: string, prepare: Prepare<Config>) => Promise<string>;
  /** How far a job is; undefined where it does not run here. */
  readonly progressOf: (job: string) => RunProgress | undefined;
  /** Ends them after their batch; they can be resumed. */
  readonly close: () => Promise<void>;
}

/** As the command waits. */
const patienceMs = 300_000;

/** None runs yet. Each opens what it needs by `opened`. */
export const createJobRuns = <Config extends EngineConfig>(
  opened: <T>(work: (open: OpenDlq<Config>) => Promise<T>) => Promise<T>,
): JobRuns<Config> => {
  const stopping = new AbortController();
  const running = new Map<string, { readonly ended: Promise<unknown>; progress: RunProgress | undefined }>();
  return {
    start: (topology, prepare) => {
      const began = Promise.withResolvers<string>();
      const run = opened(async (open) => {
        const replays = replaysToChange(open);
        const begin = await prepare(open, replays);
        const done = await replays.locked(topology, 0, async (lock) => {
          const job = await begin(lock);
          const own = { ended: run, progress: undefined as RunProgress | undefined };
          running.set(job.id, own);
          began.resolve(job.id);
          const onProgress = (progress: RunProgress): void => {
            own.progress = progress;
          };
          const how = { patienceMs, signal: stopping.signal, onProgress };
          await runUnderLock(open, { lock, replays, job, ...how }).finally(() => running.delete(job.id));
        });
        if (done === undefined) throw await busyError(replays, topology);
      });
      // What ends it after it began is in the audit log, and in its job.
      run.catch((error: unknown) => began.reject(error));
      return began.promise;
    },
    progressOf: (job) => running.get(job)?.progress,
    close: async () => {
      stopping.abort();
      await Promise.allSettled([...running.values()].map(({ ended }) => ended));
    },
  };
};
