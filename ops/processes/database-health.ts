/**
 * What the API's database says, asked every now and then beside the requests. The API accepts reservations without its database,
 * so one that is away makes it degraded, and not unready: every replica has the same database, and a balancer that took them all
 * out would also turn away what can be accepted. One that refuses this process's user makes it unready: after a rotation other
 * replicas may have the credentials that count. At the start a refusal ends it.
 */
import type { Clock } from "../../engine/clock.ts";
import { AccessRefused, codeOf, Contended, Fatal } from "../../engine/errors.ts";
import { errorFields, type Logger } from "../../engine/logger.ts";
import { refusedFor, type Unready } from "../../engine/readiness.ts";

/** What is watched. */
export interface DatabaseHealthOptions {
  /** Cheap questions that need the rights of the requests. @throws as stores/mysql/errors.ts has it */
  readonly ask: () => Promise<unknown>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long it may last before `/ready` says it, ms. */
  readonly graceMs: number;
}

/** A database that is watched. */
export interface DatabaseHealth {
  /** Why the process should be sent no requests now; empty where there is no reason. */
  readonly reasons: () => readonly Unready[];
  /** What it can do without, and misses; empty where there is nothing. */
  readonly degraded: () => readonly string[];
  /** Resolves with the error where the first answer is a refusal; never otherwise. */
  readonly ended: Promise<Error>;
  /** Ends the questions. Idempotent. */
  readonly stop: () => void;
}

/** Between two questions, ms: often enough to be ready again within seconds of the database's return. */
const everyMs = 2_000;

/** What it failed with lately, of one kind, since when. */
interface Trouble {
  readonly error: unknown;
  readonly sinceMs: number;
}

/** Watches until it is stopped. Does not wait for the first answer: an API serves while its database is away. */
export const watchDatabase = ({ ask, clock, logger, graceMs }: DatabaseHealthOptions): DatabaseHealth => {
  const ended = Promise.withResolvers<Error>();
  const stopping = new AbortController();
  let answered = false;
  let trouble: Trouble | undefined;
  const failed = (error: unknown): void => {
    const known = trouble !== undefined && codeOf(trouble.error) === codeOf(error) ? trouble : undefined;
    if (known === undefined) logger.warn({ event: "api.database.failed", ...errorFields(error) }, "the database fails");
    trouble = { error, sinceMs: known?.sinceMs ?? clock.now() };
    // Before its first answer this is the start, which is configured wrongly.
    if (!answered && (error instanceof AccessRefused || error instanceof Fatal)) ended.resolve(error);
  };
  const askNow = async (): Promise<void> => {
    try {
      await ask();
      if (trouble !== undefined) logger.info({ event: "api.database.answers" }, "the database answers again");
      answered = true;
      trouble = undefined;
    } catch (error) {
      failed(error);
    }
  };
  const watching = async (): Promise<void> => {
    for (; !stopping.signal.aborted; await clock.sleep(everyMs, stopping.signal)) await askNow();
  };
  // Rejects never: askNow keeps what it meets.
  void watching();
  /** What it has failed with for too long, of one of the two kinds. */
  const lasting = (isAway: boolean): readonly (readonly [error: unknown, lasted: string])[] => {
    if (trouble === undefined || isAwayBy(trouble.error) !== isAway) return [];
    const lastedMs = clock.now() - trouble.sinceMs;
    return lastedMs >= graceMs ? [[trouble.error, `${Math.round(lastedMs / 1_000)} s`]] : [];
  };
  return {
    reasons: () => lasting(false).map(([error, lasted]) => reasonOf(error, lasted)),
    degraded: () =>
      lasting(true).map(
        ([error, lasted]) =>
          `${error instanceof Contended ? "database has been locked" : "database has been away"} for ${lasted} (${messageOf(error)}): reservations are accepted, and verdicts, reads, payments and Idempotency-Keys wait`,
      ),
    ended: ended.promise,
    stop: () => stopping.abort(),
  };
};

/** Its absence, and what may pass by itself; a refusal, a missing table and the like are what somebody has to set right. */
const isAwayBy = (error: unknown): boolean => !(error instanceof AccessRefused || error instanceof Fatal);

const reasonOf = (error: unknown, lasted: string): Unready =>
  error instanceof AccessRefused
    ? refusedFor(error, lasted)
    : { code: "HELD", why: `${codeOf(error)} has lasted for ${lasted} (${messageOf(error)})` };

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, " ");
