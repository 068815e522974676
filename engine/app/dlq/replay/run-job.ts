/** Begins a job and runs it, for whoever shows how far it is: a terminal, or a page of the console. */
import { randomUUID } from "node:crypto";
import { systemClock } from "../../../clock.ts";
import type { JobDocument } from "../../../dlq/jobs/job.ts";
import type { ReplayLock, Replays } from "../../../dlq/jobs/replays.ts";
import type { Letter } from "../../../dlq/letters/letter.ts";
import { isOfKind } from "../../../dlq/letters/select.ts";
import { placesIn } from "../../../dlq/plan/ranges.ts";
import { readStandings } from "../../../dlq/read/read-standings.ts";
import { type RunProgress, runReplay } from "../../../dlq/run/runner.ts";
import { kafkaLog } from "../../../log/kafka/kafka-log.ts";
import { silentLogger } from "../../../logger.ts";
import type { EngineConfig } from "../../config/engine-config.ts";
import { topologyNamed } from "../../define-app.ts";
import { hostOf } from "../../deploying/open.ts";
import { lettersOf, type OpenDlq } from "../open.ts";
import type { RanJob, StartedJob } from "./outcome.ts";
import { loadTransform } from "./transform.ts";

/** Writes a job down, with its operation. */
export const beginJob = async (
  lock: ReplayLock,
  {
    topology,
    document,
    actor,
    reason,
  }: {
    readonly topology: string;
    readonly document: JobDocument;
    readonly actor: string;
    readonly reason: string;
  },
): Promise<StartedJob> => {
  const operation = await lock.begin({ actor, host: hostOf(), verb: "dlq replay", reason, document });
  const id = randomUUID();
  await lock.create({ id, document, operation });
  return { id, document, operation, topology };
};

/** A job that is to be run. */
export interface JobRun {
  readonly lock: ReplayLock;
  readonly replays: Replays;
  readonly job: StartedJob;
  /** Gives up waiting where nothing was decided for so long, ms. */
  readonly patienceMs: number;
  /** Ends it after its batch; it can be resumed. */
  readonly signal: AbortSignal;
  readonly onProgress: (run: RunProgress) => void;
}

/** Takes a job over, and runs it to its end. */
export const runUnderLock = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  { lock, replays, job, patienceMs, signal, onProgress }: JobRun,
): Promise<RanJob> => {
  const { config, cluster, app } = open;
  const { topology, document } = job;
  const epoch = await lock.takeOver(job.id);
  const found = await lettersOfJob(open, replays, job);
  const text = document.transform;
  const transform = text === undefined ? undefined : await loadTransform(text, config, topologyNamed(app, topology));
  const log = kafkaLog({ brokers: config.brokers, clientId: "sluice-dlq", logger: silentLogger });
  const startedAt = performance.now();
  try {
    const outcome = await runReplay(
      { cluster, append: log.append, lock, clock: systemClock },
      {
        ...lettersOf(open, topology),
        ...found,
        ...{ job, epoch, transform, signal, patienceMs, onProgress },
        isMeant: isOfKind(document.selection),
      },
    );
    await lock.end(job.operation, outcome.end).catch(() => {});
    return { job, outcome, tookMs: performance.now() - startedAt };
  } finally {
    await log.close();
  }
};

/** The letters of a job that are there, and which of them may not be sent any more. */
const lettersOfJob = async <Config extends EngineConfig>(
  open: OpenDlq<Config>,
  replays: Replays,
  { id, topology, document }: { readonly id: string; readonly topology: string; readonly document: JobDocument },
): Promise<{ readonly letters: readonly Letter[]; readonly isBarred: (letter: Letter) => boolean }> => {
  const { standings } = await readStandings({ cluster: open.cluster, replays }, lettersOf(open, topology));
  const isIn = placesIn(document.letters);
  const own = standings.filter(({ letter }) => isIn(letter.place));
  // Replayed by another job, failed again or discarded since it was planned: it is somebody else's now.
  const barred = new Set(
    own.flatMap(({ letter, state, retries }) =>
      state !== "open" && !retries.some(({ job }) => job === id) ? [letter] : [],
    ),
  );
  return { letters: own.map(({ letter }) => letter), isBarred: (letter) => barred.has(letter) };
};
