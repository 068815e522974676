/** Runs a replay: sends its letters at its rate, watches what becomes of them, and stops where it has to. */
import { type Backoff, backoffMs, type Clock } from "../../clock.ts";
import { isHeld } from "../../errors.ts";
import { lagOf } from "../../log/lag.ts";
import type { LogWriter } from "../../log/log.ts";
import type { JobState, ReplayJob } from "../jobs/job.ts";
import { type ReplayLock, ReplayLockLost } from "../jobs/replays.ts";
import type { Letter } from "../letters/letter.ts";
import type { DlqCluster, LettersOf } from "../ports.ts";
import { createQueue, type Queue } from "./queue.ts";
import { type NotSent, sendLetters, type Transform } from "./send.ts";
import type { Progress } from "../jobs/standing.ts";
import { createTracker, type Tracker } from "./tracker.ts";

/** What a runner works with. */
export interface RunnerPorts {
  readonly cluster: DlqCluster;
  readonly append: LogWriter["append"];
  readonly lock: Pick<ReplayLock, "prove" | "settle">;
  readonly clock: Clock;
}

/** What a runner is to do. */
export interface RunRequest extends LettersOf {
  readonly job: Pick<ReplayJob, "id" | "document">;
  /** Of this runner; see {@link ReplayLock}. */
  readonly epoch: number;
  /** Every letter of the job. What was sent by an earlier runner is found, and not sent again. */
  readonly letters: readonly Letter[];
  /** Letters that may not be sent any more: replayed by another job since, or discarded. */
  readonly isBarred?: (letter: Letter) => boolean;
  /** Whether another letter would have been meant too. */
  readonly isMeant?: (letter: Letter) => boolean;
  /** The topics the topology reads, for its lag. */
  readonly sources: readonly string[];
  readonly transform?: Transform | undefined;
  /** Ends it after the batch. */
  readonly signal?: AbortSignal | undefined;
  /** Gives up waiting where nothing was decided for so long, ms. */
  readonly patienceMs: number;
  readonly onProgress?: (run: RunProgress) => void;
}

/** How far a run is. */
export interface RunProgress extends Progress {
  readonly planned: number;
  readonly notSent: Readonly<Record<NotSent, number>>;
  /** What it waits for, in words; undefined while it sends. */
  readonly waitingFor?: string;
}

/**
 * How a run ended.
 *
 * - `done`: everything that could be sent was, and was decided. `sent`: it was not waited until it was decided.
 * - `interrupted`, `paused`, `cancelled`: somebody said so. `stopped`: too much failed again.
 * - `stalled`: nothing was decided for too long. `lost`: another runner has the job, or the lock is gone.
 * - `database-away`: it cannot prove that it still is the runner. `log-away`: no broker answers.
 */
export type RunEnd =
  | "done"
  | "sent"
  | "interrupted"
  | "paused"
  | "cancelled"
  | "stopped"
  | "stalled"
  | "lost"
  | "database-away"
  | "log-away";

/** A run that has ended. */
export interface RunOutcome {
  readonly end: RunEnd;
  readonly progress: RunProgress;
  readonly error?: unknown;
}

/** Letters of one append. */
const batchMax = 100;
/** Decided letters that a share is taken of; fewer than the second number say nothing yet. */
const shareOf = 200;
const shareLeast = 20;
/** How soon a pause, a decision or a lag is noticed, ms: within a second, by the longest of them. */
const pollMs = 250;
const lagPollMs = 1_000;
/** How long the log may not answer. */
const logAwayMs = 60_000;
const backoff: Backoff = { initialMs: 250, maxMs: 5_000 };

/** Runs until everything is decided, or something ends it. Never throws what is expected: see {@link RunEnd}. */
export const runReplay = async (ports: RunnerPorts, request: RunRequest): Promise<RunOutcome> => {
  const run = new Run(ports, request);
  const outcome = await run.toItsEnd();
  const state = stateAfter[outcome.end];
  // Without the store the job stays `running`: resuming takes it over.
  if (state !== undefined) await ports.lock.settle(request.job.id, request.epoch, state).catch(() => {});
  return outcome;
};

/** What a job becomes; undefined where it is what somebody else made of it. */
const stateAfter: Readonly<Record<RunEnd, JobState | undefined>> = {
  done: "finished",
  sent: "interrupted",
  interrupted: "interrupted",
  stalled: "interrupted",
  "log-away": "interrupted",
  stopped: "stopped",
  paused: undefined,
  cancelled: undefined,
  lost: undefined,
  "database-away": undefined,
};

class RunEnded extends Error {
  readonly end: RunEnd;
  constructor(end: RunEnd, options?: ErrorOptions) {
    super(end, options);
    this.end = end;
  }
}

class Run {
  readonly #ports: RunnerPorts;
  readonly #request: RunRequest;
  readonly #tracker: Tracker;
  readonly #queue: Queue;
  readonly #notSent = { gone: 0, "too-large": 0, "not-transformed": 0 };
  #sentHere = 0;
  #canaryDecided = false;
  #nextAt = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #caughtUpAt = Number.NEGATIVE_INFINITY;
  #waitingFor: string | undefined;

  constructor(ports: RunnerPorts, request: RunRequest) {
    this.#ports = ports;
    this.#request = request;
    this.#tracker = createTracker(ports.cluster, request);
    const { isBarred = () => false } = request;
    this.#queue = createQueue(request.letters, (letter) => this.#tracker.isSent(letter) || isBarred(letter));
  }

  readonly toItsEnd = async (): Promise<RunOutcome> => {
    try {
      await this.#look();
      await this.#send();
      if (this.#request.job.document.limits.wait) await this.#untilDecided("what was sent", () => this.#isAllDecided());
      return this.#outcome(this.#isAllDecided() ? "done" : "sent");
    } catch (error) {
      if (error instanceof RunEnded) return this.#outcome(error.end, error.cause);
      throw error;
    }
  };

  async #send(): Promise<void> {
    const { rate, canary, maxLag } = this.#request.job.document.limits;
    this.#nextAt = this.#ports.clock.now();
    while (this.#queue.size() > 0) {
      await this.#prove();
      if (this.#ports.clock.now() - this.#lookedAt >= pollMs) await this.#look();
      this.#stopIfTooManyFail();
      // Of what an earlier runner sent nothing is a canary any more.
      const canaryLeft = canary - this.#sentHere;
      if (canary > 0 && canaryLeft <= 0 && !this.#canaryDecided) {
        await this.#untilDecided("the canary", () => this.#isCanaryDecided(canary));
        // However few they are: that is what they were sent for.
        this.#stopIfTooManyFail(1);
        // Once: to look at the topics before every later batch would bound the rate by that.
        this.#canaryDecided = true;
      }
      await this.#untilCaughtUp(maxLag);
      await this.#untilDue();
      const most = Math.max(1, Math.min(batchMax, Math.floor(rate), canaryLeft > 0 ? canaryLeft : batchMax));
      const batch = this.#queue.take(most);
      // The last thing before an append: a process that was frozen since the last time may not be the runner any more.
      await this.#prove();
      await this.#append(batch);
      this.#sentHere += batch.length;
      this.#nextAt = Math.max(this.#nextAt, this.#ports.clock.now() - 1_000) + (batch.length / rate) * 1_000;
    }
    await this.#look();
    this.#stopIfTooManyFail();
  }

  async #append(batch: readonly Letter[]): Promise<void> {
    const { cluster, append, clock } = this.#ports;
    const { topology, job, transform } = this.#request;
    const prove = () => this.#prove();
    const { isSent } = this.#tracker;
    const look = () => this.#look();
    const sending = { cluster, append, clock, topology, job: job.id, isSent, look, transform, prove };
    try {
      for (const [, why] of await sendLetters(sending, batch)) this.#notSent[why] += 1;
    } catch (error) {
      if (error instanceof RunEnded || !isHeld(error)) throw error;
      throw new RunEnded("log-away", { cause: error });
    }
  }

  /** Whoever cannot prove that it is the runner sends nothing more. */
  async #prove(): Promise<void> {
    const { job, epoch, signal } = this.#request;
    if (signal?.aborted === true) throw new RunEnded("interrupted");
    const state = await this.#proven(job.id, epoch);
    if (state === "paused" || state === "cancelled") throw new RunEnded(state);
    if (state !== "running") throw new RunEnded("lost", { cause: new ReplayLockLost(`the job is ${state}`) });
  }

  async #proven(job: string, epoch: number): Promise<JobState> {
    try {
      return await this.#ports.lock.prove(job, epoch);
    } catch (cause) {
      if (cause instanceof ReplayLockLost) throw new RunEnded("lost", { cause });
      if (isHeld(cause)) throw new RunEnded("database-away", { cause });
      throw cause;
    }
  }

  /** Looks until the log answers. */
  async #look(): Promise<void> {
    const { clock } = this.#ports;
    const until = clock.now() + logAwayMs;
    for (let failures = 1; ; failures += 1) {
      try {
        await this.#tracker.look();
        this.#lookedAt = clock.now();
        return this.#report();
      } catch (cause) {
        if (!isHeld(cause)) throw cause;
        if (clock.now() > until) throw new RunEnded("log-away", { cause });
        this.#wait("the log");
        await clock.sleep(backoffMs(backoff, failures, Math.random));
        await this.#prove();
      }
    }
  }

  /** Looks until it is so; gives up where nothing was decided for long. */
  async #untilDecided(what: string, isDecided: () => boolean): Promise<void> {
    const { clock } = this.#ports;
    let [decided, since] = [-1, clock.now()];
    for (;;) {
      await this.#look();
      this.#stopIfTooManyFail();
      if (isDecided()) break;
      const { resolved, failedAgain } = this.#tracker.progress();
      if (resolved + failedAgain !== decided) [decided, since] = [resolved + failedAgain, clock.now()];
      if (clock.now() - since > this.#request.patienceMs) throw new RunEnded("stalled");
      this.#wait(`the decisions about ${what}`);
      await clock.sleep(pollMs);
      await this.#prove();
    }
    this.#wait(undefined);
  }

  #isAllDecided(): boolean {
    return this.#tracker.progress().pending === 0;
  }

  #isCanaryDecided(canary: number): boolean {
    return this.#isAllDecided() || this.#tracker.latest(canary).decided >= canary;
  }

  /** A replay must not add to a backlog: the source's own records come first. */
  async #untilCaughtUp(maxLag: number): Promise<void> {
    const { clock } = this.#ports;
    if (clock.now() - this.#caughtUpAt < lagPollMs) return;
    for (let lag = await this.#lag(); lag > BigInt(maxLag); lag = await this.#lag()) {
      this.#wait(`the source, which has a lag of ${lag}`);
      await clock.sleep(lagPollMs);
      await this.#prove();
      await this.#look();
    }
    this.#caughtUpAt = clock.now();
    this.#wait(undefined);
  }

  async #lag(): Promise<bigint> {
    const { sources, group } = this.#request;
    const { cluster } = this.#ports;
    let lag = 0n;
    try {
      for (const topic of sources) lag += await lagOf(cluster, group, topic);
    } catch (error) {
      // The look that follows waits for the log; without an answer it is not known that there is a backlog.
      if (!isHeld(error)) throw error;
    }
    return lag;
  }

  /** In slices, so that a pause is noticed. */
  async #untilDue(): Promise<void> {
    const { clock } = this.#ports;
    for (let left = this.#nextAt - clock.now(); left > 0; left = this.#nextAt - clock.now()) {
      await clock.sleep(Math.min(left, lagPollMs), this.#request.signal);
      await this.#prove();
    }
  }

  #stopIfTooManyFail(least = shareLeast): void {
    const { abortAtPercent } = this.#request.job.document.limits;
    const { decided, failedAgain } = this.#tracker.latest(shareOf);
    const isTelling = decided >= Math.min(least, shareLeast, this.#request.letters.length);
    if (isTelling && failedAgain * 100 > abortAtPercent * decided) throw new RunEnded("stopped");
  }

  #wait(what: string | undefined): void {
    this.#waitingFor = what;
    this.#report();
  }

  #report(): void {
    this.#request.onProgress?.(this.#progress());
  }

  #progress(): RunProgress {
    const { letters } = this.#request;
    return {
      ...this.#tracker.progress(),
      planned: letters.length,
      notSent: { ...this.#notSent },
      ...(this.#waitingFor === undefined ? {} : { waitingFor: this.#waitingFor }),
    };
  }

  #outcome(end: RunEnd, error?: unknown): RunOutcome {
    return { end, progress: this.#progress(), ...(error === undefined ? {} : { error }) };
  }
}
