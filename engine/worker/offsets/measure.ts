/**
 * Asks the log where a worker's partitions end, for whoever looks at their lag: a fetch tells it too, but a partition that is
 * paused, or whose worker is held up, is not fetched, and then the lag matters most.
 */
import type { Clock } from "../../clock.ts";
import type { Position } from "../../log/log.ts";
import { errorFields, type Logger } from "../../logger.ts";
import { createLooks, type LookLimits } from "../../looks.ts";

/** How often it is asked at most, and how long an answer is waited for; ms. A scrape gives up after 10 s in all, and comes every 15 s. */
export const measureDefaults: LookLimits = { everyMs: 5_000, waitMs: 2_000 };

/** What measuring works with. */
export interface MeasureOptions {
  readonly positions: () => Promise<ReadonlyMap<string, Position>>;
  /** Told what was found. */
  readonly found: (positions: ReadonlyMap<string, Position>) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: LookLimits;
}

/**
 * Makes the function that measures. It never rejects, and resolves when the answer is there or was waited for long enough.
 * Where nothing is answered what was known is kept; what is answered late counts, because it only says where the partitions were.
 */
export const createMeasure = ({
  positions,
  found,
  clock,
  logger,
  limits = measureDefaults,
}: MeasureOptions): (() => Promise<void>) =>
  createLooks({
    look: async () => found(await positions()),
    failed: (error) =>
      logger.debug({ event: "lag.unknown", ...errorFields(error) }, "the ends of partitions could not be asked for"),
    clock,
    limits,
  }).see;
