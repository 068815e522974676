/** The port of an outbox: a table of what a transaction has to publish, read and marked by one leader at a time. */

/** One row: a value to be published. */
export interface OutboxRow<Value> {
  /** The row's place: grows in the order of commits for one key, in no order that can be relied on for several keys. */
  readonly number: number;
  /** The value's id, the same each time the row is read: a row is marked by its number and its id. */
  readonly id: string;
  readonly value: Value;
  /** The `traceparent` that the value was written under, which its record carries; undefined where nobody records its trace. */
  readonly traceparent?: string | undefined;
}

/** A row whose value is gone. It is not published and not deleted: where its value comes back, it is a row like any other. */
export interface OrphanedRow {
  readonly number: number;
  readonly id: string;
}

/** Rows that one call reads or marks at most. */
export const outboxReadMaxRows = 10_000;

/** How far the log is behind the outbox. */
export interface OutboxLag {
  /** Unpublished rows, orphaned ones left out; an adapter may stop counting at 100,000. */
  readonly rows: number;
  /** Orphaned rows among the first thousand that are unpublished, which is where those are that remain. */
  readonly orphans: readonly OrphanedRow[];
  /** Age of the first of them in ms, by the database's clock; 0 where there is none. */
  readonly oldestMs: number;
}

/**
 * How long a leader may be silent, ms, before the database ends its connection and lets the next relay lead: the delay
 * after a process is frozen or its machine is lost. A leader calls `stillLeading` four times as often.
 */
export const leaderSilenceMs = 8_000;

/** The outbox while it is led: no other process publishes from it. Every call fails once the lead is lost. */
export interface LedOutbox<Value> {
  /**
   * Unpublished rows that have a value, at most `maxRows` (1 to 10,000), in the order of their numbers: an orphaned row keeps
   * no other from being published. @throws Unavailable
   */
  readonly unpublished: (maxRows: number) => Promise<readonly OutboxRow<Value>[]>;
  /**
   * Marks rows as published, where both number and id are the row's; returns how many were not marked before.
   * Idempotent. At most 10,000 rows. @throws Unavailable
   */
  readonly markPublished: (rows: readonly OutboxRow<Value>[]) => Promise<number>;
  /** Deletes rows published longer ago than this, at most `maxRows`; returns how many. @throws Unavailable */
  readonly prune: (olderThanMs: number, maxRows: number) => Promise<number>;
  /** Shows the database that this leader is alive; see {@link leaderSilenceMs}. @throws Unavailable once the lead is lost */
  readonly stillLeading: () => Promise<void>;
}

/** Values that are durable in a database and have to be published to a topic. */
export interface Outbox<Value> {
  /**
   * Leads the outbox while `work` runs. Resolves with undefined, after waiting for `waitMs`, where another process leads.
   * @throws Unavailable, and whatever `work` throws.
   */
  readonly lead: <T>(waitMs: number, work: (led: LedOutbox<Value>) => Promise<T>) => Promise<T | undefined>;
  /** How far the log is behind, whichever process leads. @throws Unavailable */
  readonly lag: () => Promise<OutboxLag>;
}
