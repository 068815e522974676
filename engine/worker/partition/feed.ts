/**
 * A feed: one partition of one topic, as it comes into the partitions that decide its records. A source partition has its
 * own; a partition of the retry topic is a second one of the source partitions of its number. Each has a ledger of its own.
 */
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
  /** End offset less the committable offset, as of the last fetch. */
  readonly lagRecords: () => number;
}

/** What a feed takes, and what it knows of its records. */
export interface FeedOptions {
  /** Larger records are let go of; see {@link bounded}. */
  readonly maxRecordBytes: number;
  /** What is known of a replayed record; a source has none. */
  readonly replayOf?: (record: LogRecord) => Replay;
}

/** A feed that nothing has come by yet. */
export const createFeed = (at: TopicPartition, { maxRecordBytes, replayOf }: FeedOptions): Feed => {
  const ledger = createLedger();
  let endOffset = 0n;
  const feed: Feed = {
    at,
    ledger,
    enter: (records, end) => {
      endOffset = end;
      return records.map((record) =>
        inFlight(bounded(record, maxRecordBytes), ledger.register(record.offset), feed, replayOf?.(record)),
      );
    },
    lagRecords: () => Math.max(0, Number(endOffset - (ledger.committable() ?? endOffset))),
  };
  return feed;
};
