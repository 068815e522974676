/**
 * A feed: one partition of one topic, as it comes into the partitions that decide its records. A source partition has its
 * own; a partition of the retry topic is a second one of the source partitions of its number. Each has a ledger of its own.
 */
import { createFeedLag, type FeedLag } from "../offsets/feed-lag.ts";
import { createLedger, type Ledger } from "../offsets/ledger.ts";
import { type InFlight, inFlight, type Replay } from "./in-flight.ts";
import type { LogRecord, TopicPartition } from "../../log/log.ts";
import { bounded } from "./bounded.ts";

/** A feed, for one assignment of it. */
export interface Feed {
  /** Where its records stand. */
  readonly at: TopicPartition;
  readonly ledger: Ledger;
  /** Enters what was fetched, in offset order; `endOffset` is the partition's end as of the fetch. */
  readonly enter: (records: readonly LogRecord[], endOffset: bigint) => readonly InFlight[];
  readonly lag: FeedLag;
}

/** What a feed takes, and what it knows of its records. */
export interface FeedOptions {
  /** Larger records are let go of; see {@link bounded}. */
  readonly maxRecordBytes: number;
  /** Epoch ms. */
  readonly now: () => number;
  /** What is known of a replayed record; a source has none. */
  readonly replayOf?: (record: LogRecord) => Replay;
}

/** A feed that nothing has come by yet. */
export const createFeed = (at: TopicPartition, { maxRecordBytes, now, replayOf }: FeedOptions): Feed => {
  const ledger = createLedger();
  const lag = createFeedLag(ledger);
  const feed: Feed = {
    at,
    ledger,
    lag,
    enter: (records, end) => {
      const entered: InFlight[] = [];
      for (const record of records) {
        const entry = ledger.register(record.offset, takenAtMs(record));
        entered.push(inFlight(bounded(record, maxRecordBytes), entry, feed, replayOf?.(record)));
      }
      const last = records.at(-1);
      if (last !== undefined) lag.fetched({ next: last.offset + 1n, end }, now());
      return entered;
    },
  };
  return feed;
};

/** When the log took a record, epoch ms; undefined for one without a time, as an unreadable batch may be. */
export const takenAtMs = ({ timestampMs }: Pick<LogRecord, "timestampMs">): number | undefined =>
  timestampMs > 0 ? timestampMs : undefined;
