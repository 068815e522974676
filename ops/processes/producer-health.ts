/** Whether a producer can take what the API accepts: not when its backlog is full, and not when the log refuses for good. */
import type { Clock } from "../../engine/clock.ts";
import { AccessRefused, dispositionOf } from "../../engine/errors.ts";
import type { Producer } from "../../engine/log/producer.ts";
import { refusedFor, type Unready } from "../../engine/readiness.ts";
import { errorFields, type Logger } from "../../engine/logger.ts";
import { ProducerClosed } from "../../engine/log/producer/accumulator.ts";

/** The bounds of {@link watchProducer}. */
export interface ProducerHealthOptions {
  readonly clock: Pick<Clock, "now">;
  readonly logger: Logger;
  /** Records at which the producer is full. It is no longer full at half of them, so that readiness does not flap. */
  readonly maxBacklogRecords: number;
}

/** A producer that is watched. */
export interface ProducerHealth {
  /** The producer to use: what goes past it is not seen. */
  readonly producer: Producer;
  /** Why it should be sent no more records now; empty where there is no reason. */
  readonly reasons: () => readonly Unready[];
  /** Resolves with the error when the log refuses for good; never otherwise. */
  readonly ended: Promise<Error>;
}

/** Appends in a row that failed fatally, after which the process cannot do its work. */
const fatalAppendsAtEnd = 3;
/** How long one fatal append makes the process unready, ms: long enough for probes of every 5 s to see it. */
const fatalUnreadyMs = 10_000;

/**
 * Watches a producer. One whose appends the log refuses for its user (a revoked right, a changed password) makes it unready while
 * they are tried again, and ends nothing: an operator can set it right. A fatal append makes it unready at once: its cause is
 * most often the deployment (an unsupported version), and every further request would only get `outcome-unknown`. It does not end the process by itself,
 * because one record can cause it (a RangeError in an encoder). The third in a row, with no acknowledgement between, does:
 * then a restart with a corrected deployment is the only way back, and a supervisor sees an exit code that it can alert on.
 */
export const watchProducer = (inner: Producer, options: ProducerHealthOptions): ProducerHealth => {
  const { clock, logger, maxBacklogRecords } = options;
  const ended = Promise.withResolvers<Error>();
  let isFull = false;
  let fatalAppends = 0;
  let lastFatal: { readonly error: unknown; readonly atMs: number } | undefined;

  const backlogRecords = (): number => {
    const records = inner.backlogRecords();
    if (!isFull && records >= maxBacklogRecords) {
      isFull = true;
      logger.warn({ event: "api.unready", records }, "the backlog of the producer is full");
    } else if (isFull && records <= maxBacklogRecords / 2) {
      isFull = false;
      logger.info({ event: "api.ready", records }, "the backlog of the producer is half empty again");
    }
    return records;
  };
  const failed = (error: unknown): void => {
    if (dispositionOf(error) !== "fatal" || error instanceof ProducerClosed) return;
    // All calls of one append are rejected with one error: it counts once.
    if (lastFatal?.error === error) return;
    fatalAppends += 1;
    lastFatal = { error, atMs: clock.now() };
    logger.error({ event: "api.append.fatal", fatalAppends, ...errorFields(error) }, "the log refuses what is written");
    if (fatalAppends >= fatalAppendsAtEnd) ended.resolve(error instanceof Error ? error : new Error(String(error)));
  };
  return {
    ended: ended.promise,
    producer: {
      ...inner,
      backlogRecords,
      produce: async (to, records) => {
        try {
          const firstOffset = await inner.produce(to, records);
          fatalAppends = 0;
          lastFatal = undefined;
          return firstOffset;
        } catch (error) {
          failed(error);
          throw error;
        }
      },
    },
    reasons: () => {
      backlogRecords();
      const isRefused = fatalAppends >= fatalAppendsAtEnd || isRecent(lastFatal?.atMs, clock.now());
      return [...(isFull ? [behind] : []), ...(isRefused ? [refused] : []), ...denials(inner, clock.now())];
    },
  };
};

const behind: Unready = { code: "LOG_BEHIND", why: "the log does not keep up with what is accepted" };
const refused: Unready = { code: "LOG_REFUSES", why: "the log refuses what is written" };

const isRecent = (atMs: number | undefined, nowMs: number): boolean =>
  atMs !== undefined && nowMs - atMs < fatalUnreadyMs;

/** What the log says to appends of ours while it refuses our user. */
const denials = ({ trouble }: Producer, nowMs: number): readonly Unready[] => {
  const failing = trouble();
  if (!(failing?.error instanceof AccessRefused)) return [];
  return [refusedFor(failing.error, `${Math.round((nowMs - failing.sinceMs) / 1_000)} s`)];
};
