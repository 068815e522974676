/**
 * Hands spans on in batches, beside the work and never in its way: `add` only queues, and what does not fit is dropped and
 * counted. One batch is under way at a time. A batch that is not taken is not sent again: traces are for looking, and what
 * is kept for a receiver that is away would be memory that the work needs.
 */
import type { Clock } from "../clock.ts";
import { errorFields, type Logger } from "../logger.ts";
import type { EndedSpan } from "./ended-span.ts";

/** What an exporter works with. */
export interface ExporterOptions {
  /** Sends a batch; rejects where it was not taken, or where `signal` aborts. */
  readonly send: (spans: readonly EndedSpan[], signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, "info" | "warn">;
  readonly limits: ExporterLimits;
}

/** Bounds of an exporter. */
export interface ExporterLimits {
  /** Spans that wait at most. */
  readonly maxQueued: number;
  /** Spans of a batch at most. */
  readonly maxBatch: number;
  /** A batch that is not full waits this long, ms; and as long is waited after one that was not taken. */
  readonly intervalMs: number;
  /** How long closing may take, ms. */
  readonly closeMs: number;
}

/** The specification's own defaults for a batch processor, with a shorter end. */
export const exporterDefaults: ExporterLimits = { maxQueued: 2_048, maxBatch: 512, intervalMs: 5_000, closeMs: 2_000 };

/** What became of spans that ended. */
export interface ExportCounts {
  /** The receiver answered that it has them. */
  readonly exported: number;
  /** The queue was full. */
  readonly dropped: number;
  /** The receiver was away, refused them, or was not waited for at the end. */
  readonly failed: number;
}

/** A running exporter. */
export interface Exporter {
  /** Queues a span. Never throws, never waits. */
  readonly add: (span: EndedSpan) => void;
  readonly counts: () => ExportCounts;
  /** Sends what is queued, within `closeMs`; takes nothing any more. Never rejects. Idempotent. */
  readonly close: () => Promise<void>;
}

/** Starts an exporter. */
export const startExporter = ({ send, clock, logger, limits }: ExporterOptions): Exporter => {
  const queue: EndedSpan[] = [];
  const counts = { exported: 0, dropped: 0, failed: 0 };
  const closing = new AbortController();
  const givenUp = new AbortController();
  let full = new AbortController();
  let failing = false;

  const sendBatch = async (): Promise<void> => {
    const batch = queue.splice(0, limits.maxBatch);
    try {
      await send(batch, givenUp.signal);
      counts.exported += batch.length;
      if (failing) logger.info({ event: "traces.exported" }, "spans are taken again");
      failing = false;
    } catch (error) {
      counts.failed += batch.length;
      // Once, and not every five seconds: the metric counts them.
      if (!failing) logger.warn({ event: "traces.lost", ...errorFields(error) }, "spans were not taken, and are lost");
      failing = true;
    }
  };
  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      const wake = failing ? closing.signal : AbortSignal.any([closing.signal, full.signal]);
      await clock.sleep(limits.intervalMs, wake);
      full = new AbortController();
      // What fills the queue meanwhile is one more batch, until there is less than one.
      do if (queue.length > 0) await sendBatch();
      while (queue.length >= limits.maxBatch && !failing && !closing.signal.aborted);
    }
  };
  const running = run();
  const end = async (): Promise<void> => {
    closing.abort();
    const over = new AbortController();
    void clock.sleep(limits.closeMs, over.signal).then(() => givenUp.abort());
    await running;
    while (queue.length > 0 && !givenUp.signal.aborted) await sendBatch();
    counts.failed += queue.splice(0).length;
    over.abort();
  };
  let closed: Promise<void> | undefined;
  return {
    add: (span) => {
      if (closing.signal.aborted || queue.length >= limits.maxQueued) {
        counts.dropped++;
        return;
      }
      if (queue.push(span) === limits.maxBatch) full.abort();
    },
    counts: () => ({ ...counts }),
    close: () => {
      closed ??= end();
      return closed;
    },
  };
};
