/** A record on its way through a partition: its place, its entry in the ledger, and the lane that keeps its order. */
import type { Poison } from "../../errors.ts";
import type { LogRecord } from "../../log/log.ts";
import type { Tried } from "../failures/tries.ts";
import type { Feed } from "./feed.ts";
import type { Queued } from "./lanes.ts";
import type { Entry } from "../offsets/ledger.ts";
import { sizeOfRecord } from "../../log/producer/batch.ts";

/** One record in flight. */
export interface InFlight extends Queued {
  readonly record: LogRecord;
  /** In the ledger of its feed. */
  readonly entry: Entry;
  /** What it came by. */
  readonly feed: Pick<Feed, "at" | "ledger">;
  /** Of a record that is replayed; undefined for one of a source. */
  readonly replay: Replay | undefined;
  /** Its failed tries so far: a round that is held for a flood is decided again. Undefined before the first. */
  tried: Tried | undefined;
}

/** What is known of a record that came by the retry topic. */
export interface Replay {
  /** The source of its original: it is decided by the partition of that one. */
  readonly source: string;
  /** When its original was accepted, epoch ms. */
  readonly acceptedAtMs: number;
  /** Why it cannot be decided at its place; undefined where it can. */
  readonly refusal: Poison | undefined;
}

/** Records decided together. */
export type Round = readonly InFlight[];

/** A record without a key has no order to keep: it is a lane of its own. */
export const inFlight = (record: LogRecord, entry: Entry, feed: InFlight["feed"], replay?: Replay): InFlight => ({
  record,
  entry,
  feed,
  replay,
  tried: undefined,
  lane: record.keyText ?? (record.key === null ? `\0${feed.at.topic}/${record.offset}` : laneOf(record.key)),
  sizeBytes: sizeOfRecord(record),
});

/** A record's place, as text. */
export const placeOf = ({ feed: { at }, record: { offset } }: InFlight): string =>
  `${at.topic}/${at.partition}/${offset}`;

/** The lane of a key. Latin-1 keeps different bytes apart, and is fast. */
export const laneOf = (key: Buffer): string => key.toString("latin1");

/** The key of a lane; undefined for that of a record without one. A key that begins with a zero byte is taken for such. */
export const keyOf = (lane: string): Buffer | undefined =>
  lane.startsWith("\0") ? undefined : Buffer.from(lane, "latin1");
