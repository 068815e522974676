/**
 * Verifies all the time. A full look reads everything afresh, at the start and every so often; between two of them only what is
 * new is looked at, where a subject can. A full look is exact on a quiet system alone, so what breaks a claim counts as a
 * violation only when two full looks in a row have found the very same, and not as many; the second one follows soon. So does the one
 * that finds it mended.
 */
import type { Clock } from "../../clock.ts";
import { errorFields, type Logger } from "../../logger.ts";
import { type Readiness, readinessOf, type Unready } from "../../readiness.ts";
import type { Check } from "./verification.ts";

/** What is watched of one subject. */
export interface WatchedSubject {
  readonly subject: string;
  /** Reads everything and checks it. @throws where something is away */
  readonly full: () => Promise<readonly Check[]>;
  /**
   * Looks at what is new since the last look, full or not; answers how many things in it look wrong. Whether they are is for a
   * full look to say. @throws where something is away
   */
  readonly newer?: () => Promise<number>;
}

/** How often is looked, ms. */
export interface WatchTimes {
  /** Between two looks. A full one is followed by none for four times as long as it took, so that it never reads all the time. */
  readonly everyMs: number;
  /** Between two full looks while all is well. */
  readonly fullEveryMs: number;
  /** How long looks may fail before the process is not ready. */
  readonly graceMs: number;
}

/** What is told of it. */
export interface WatchTelemetry {
  /** How many things break a claim, the same ones in two full looks in a row. */
  readonly violations: (check: string, count: number) => void;
  /** Every subject has been read as a whole, the last of them at this time, epoch ms. */
  readonly succeeded: (atMs: number) => void;
}

/** What watching works with. */
export interface WatchOptions {
  readonly subjects: readonly WatchedSubject[];
  readonly times: WatchTimes;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly telemetry: WatchTelemetry;
}

/** Watching that goes on until it is stopped. */
export interface Watching {
  /** Not ready until every subject was read once, and while it cannot be read for longer than the grace time. */
  readonly ready: () => Readiness;
  /** Resolves when the look that is under way has ended, or is not waited for any more: it changes nothing. */
  readonly stop: () => Promise<void>;
}

/** How long a look is waited for when it is to stop: less than a process has to stop in. */
const stopWaitMs = 10_000;

/** Of what breaks one claim, in one line of the log. */
const toldExamples = 5;

/** Starts watching. A look that fails is tried again at the next turn, however long what it reads is away. */
export const watchSubjects = (options: WatchOptions): Watching => {
  const { clock, times } = options;
  const stopping = new AbortController();
  const watched = options.subjects.map((subject) => createSubjectWatch(subject, options));
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const startedAtMs = clock.now();
      for (const one of watched) if (!stopping.signal.aborted) await one.look();
      const oldest = Math.min(...watched.map(({ succeededAtMs }) => succeededAtMs() ?? Number.NEGATIVE_INFINITY));
      if (Number.isFinite(oldest)) options.telemetry.succeeded(oldest);
      const tookMs = clock.now() - startedAtMs;
      await clock.sleep(Math.max(times.everyMs, 4 * tookMs), stopping.signal);
    }
  };
  const running = run();
  return {
    ready: () => readinessOf(watched.flatMap(({ unready }) => unready())),
    stop: async () => {
      stopping.abort();
      const ended = new AbortController();
      await Promise.race([running.finally(() => ended.abort()), clock.sleep(stopWaitMs, ended.signal)]);
    },
  };
};

/** One subject, look by look. */
const createSubjectWatch = (
  { subject, full, newer }: WatchedSubject,
  { clock, times, logger, telemetry }: WatchOptions,
) => {
  let before: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  let succeededAtMs: number | undefined;
  let awaySinceMs: number | undefined;
  let isDoubtful = true;
  const fullLook = async (): Promise<void> => {
    const checks = await full();
    const found = new Map<string, ReadonlySet<string>>();
    for (const one of checks) {
      const name = `${subject}: ${one.claim}`;
      const now = foundBy(one);
      found.set(name, now);
      const same = [...now].filter((what) => before.get(name)?.has(what));
      telemetry.violations(name, same.length);
      const names = same.slice(0, toldExamples);
      const told = { check: name, count: same.length, names, examples: one.examples };
      if (same.length > 0) logger.error({ event: "verify.violation", ...told }, "a claim is broken");
    }
    before = found;
    succeededAtMs = clock.now();
    isDoubtful = checks.some((one) => one.broken > 0);
  };
  const newerLook = async (): Promise<void> => {
    const doubtful = (await newer?.()) ?? 0;
    if (doubtful === 0) return;
    logger.info({ event: "verify.doubtful", subject, count: doubtful }, "what is new looks wrong: all of it is read");
    // It is forgotten by whoever found it: a full look that fails now is tried again at the next turn.
    isDoubtful = true;
    await fullLook();
  };
  return {
    succeededAtMs: () => succeededAtMs,
    look: async (): Promise<void> => {
      const isDue = succeededAtMs === undefined || clock.now() - succeededAtMs >= times.fullEveryMs;
      try {
        await (isDue || isDoubtful ? fullLook() : newerLook());
        awaySinceMs = undefined;
      } catch (error) {
        // An outage is one story.
        if (awaySinceMs === undefined)
          logger.warn({ event: "verify.failed", subject, ...errorFields(error) }, "it could not be looked at");
        awaySinceMs ??= clock.now();
      }
    },
    unready: (): readonly Unready[] => {
      const awayMs = awaySinceMs === undefined ? 0 : clock.now() - awaySinceMs;
      const why = `${subject} could not be looked at for ${Math.round(awayMs / 1_000)} s`;
      if (awaySinceMs !== undefined && awayMs >= times.graceMs) return [{ code: "DEPENDENCY_AWAY", why }];
      return succeededAtMs === undefined ? [{ code: "STARTING", why: `${subject} was not looked at yet` }] : [];
    },
  };
};

const foundBy = ({ found, examples }: Check): ReadonlySet<string> => found?.() ?? new Set(examples);
