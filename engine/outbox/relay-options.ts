/** What a relay is made of: its ports, its bounds and what it counts. */
import type { Backoff, Clock, Random } from "../clock.ts";
import type { Producer } from "../log/producer.ts";
import type { Logger } from "../logger.ts";
import type { Readiness } from "../readiness.ts";
import type { OutboxDefinition } from "./define-outbox.ts";
import { leaderSilenceMs, type Outbox, type OutboxLag } from "./outbox.ts";

/** What a relay counts. */
export interface RelayTelemetry {
  /** Records were acknowledged, and so many rows marked that were not marked before. */
  readonly published: (rows: number) => void;
  /** Old rows were deleted. */
  readonly pruned: (rows: number) => void;
  /** Whether this relay leads. */
  readonly leading: (leads: boolean) => void;
  /** Rows that are not published because their value is gone or fits no record. */
  readonly setAside: (rows: number) => void;
  /** How far the log is behind, whichever relay leads. */
  readonly lag: (lag: OutboxLag) => void;
}

/** Counts nothing. */
export const silentRelayTelemetry: RelayTelemetry = {
  published: () => {},
  pruned: () => {},
  leading: () => {},
  setAside: () => {},
  lag: () => {},
};

/** The relay's bounds. */
export interface RelaySettings {
  /** Rows read, published and marked together; 1 to 10,000. */
  readonly maxRows: number;
  /** Pause when there was nothing to publish. */
  readonly pollMs: number;
  /** How long to wait for the lead in one call; 1 to 5,000. */
  readonly leadWaitMs: number;
  /** How often a leader that waits for the log calls `stillLeading`; well under {@link leaderSilenceMs}. */
  readonly keepAliveMs: number;
  /** How long a leader whose log acknowledges nothing keeps the lead. */
  readonly yieldMs: number;
  /** How long the database or the log may be away before the relay is not ready. */
  readonly graceMs: number;
  /** How often the lag is measured. */
  readonly lagEveryMs: number;
  /** How long published rows are kept. */
  readonly keptMs: number;
  /** How often old rows are looked for. */
  readonly pruneEveryMs: number;
  /** Old rows deleted between two batches: few enough to delay none. */
  readonly pruneMaxRows: number;
}

/**
 * Published rows are kept for a day: to compare them with what the log has. The lead is given up well after the grace,
 * because an outage of the log that all relays see is not worth a change of leader.
 */
export const relayDefaults: RelaySettings = {
  maxRows: 2_000,
  pollMs: 25,
  leadWaitMs: 2_000,
  keepAliveMs: leaderSilenceMs / 4,
  yieldMs: 30_000,
  graceMs: 10_000,
  lagEveryMs: 1_000,
  keptMs: 86_400_000,
  pruneEveryMs: 1_000,
  pruneMaxRows: 5_000,
};

/** What a relay is made of. */
export interface RelayOptions<Value, Published> {
  readonly definition: OutboxDefinition<Value, Published>;
  readonly outbox: Outbox<Value>;
  /** Knows the partition count of the definition's topic. */
  readonly producer: Producer;
  /** Of the definition's topic; see `Codec.encoder`. A row that it throws at is set aside. */
  readonly encode: (record: Published) => Buffer;
  readonly clock: Clock;
  readonly random: Random;
  /** While the database is away. */
  readonly backoff: Backoff;
  readonly logger: Logger;
  readonly telemetry: RelayTelemetry;
  readonly settings: RelaySettings;
}

/** A running relay. */
export interface Relay {
  /** Not ready until it has reached the database, and while the database or the log has been away for longer than the grace. */
  readonly ready: () => Readiness;
  /** Whether it leads. A relay that has lost the lead may not know it for some seconds. */
  readonly leads: () => boolean;
  /** Resolves when it has ended: with the reason where it could not continue. */
  readonly ended: Promise<Error | undefined>;
  /** Finishes the batch in flight, gives up the lead, and ends. Idempotent. */
  readonly stop: () => Promise<void>;
}
