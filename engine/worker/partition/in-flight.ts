/** A record on its way through a partition: its place in the ledger, and the lane that keeps its order. */
import type { Queued } from "./lanes.ts";
import type { Entry } from "./ledger.ts";
import type { LogRecord } from "../../log/log.ts";

/** One record in flight. */
export interface InFlight extends Queued {
  readonly record: LogRecord;
  readonly entry: Entry;
}

/** Records decided together. */
export type Round = readonly InFlight[];

/** A record without a key has no order to keep: it is a lane of its own. */
export const inFlight = (record: LogRecord, entry: Entry): InFlight => ({
  record,
  entry,
  lane: record.key === null ? `\0${record.offset}` : laneOf(record.key),
  sizeBytes: (record.key?.length ?? 0) + (record.value?.length ?? 0),
});

/** The lane of a key. Latin-1 keeps different bytes apart, and is fast. */
export const laneOf = (key: Buffer): string => key.toString("latin1");

/** The key of a lane; undefined for that of a record without one. A key that begins with a zero byte is taken for such. */
export const keyOf = (lane: string): Buffer | undefined =>
  lane.startsWith("\0") ? undefined : Buffer.from(lane, "latin1");
