/**
 * Asks the log where a worker's partitions end, for whoever looks at their lag: a fetch tells it too, but a partition that is
 * paused, or whose worker is held up, is not fetched, and then the lag matters most.
 */
import type { Clock } from "../../clock.ts";
import type { Position } from "../../log/log.ts";
import { errorFields, type Logger } from "../../logger.ts";

/** How often it is asked at most, and how long an answer is waited for; ms. */
export interface MeasureLimits {
  readonly everyMs: number;
  readonly waitMs: number;
}

/** A scrape gives up after 10 s in all, and comes every 15 s. */
export const measureDefaults: MeasureLimits = { everyMs: 5_000, waitMs: 2_000 };

/** What measuring works with. */
export interface MeasureOptions {
  readonly positions: () => Promise<ReadonlyMap<string, Position>>;
  /** Told what was found. */
  readonly found: (positions: ReadonlyMap<string, Position>) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: MeasureLimits;
}

/**
 * Makes the function that measures. It never rejects, and resolves when the answer is there or was waited for long enough.
 * Refused, or cut: what was known is kept, and the next look asks again. Slow: who asked goes on without it, and nothing else
 * is asked until it has come. Answered late: it counts, it only says where the partitions were.
 */
export const createMeasure = ({
  positions,
  found,
  clock,
  logger,
  limits = measureDefaults,
}: MeasureOptions): (() => Promise<void>) => {
  let asking: Promise<void> | undefined;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  const ask = async (): Promise<void> => {
    try {
      found(await positions());
    } catch (error) {
      logger.debug({ event: "lag.unknown", ...errorFields(error) }, "the ends of partitions could not be asked for");
    } finally {
      asking = undefined;
    }
  };
  return async () => {
    if (asking === undefined) {
      if (clock.now() - askedAtMs < limits.everyMs) return;
      askedAtMs = clock.now();
      asking = ask();
    }
    const answered = new AbortController();
    await Promise.race([asking.finally(() => answered.abort()), clock.sleep(limits.waitMs, answered.signal)]);
  };
};
