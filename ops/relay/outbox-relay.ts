/**
 * The relay: tells the log of payments, at least once, in the order of their rows for one order. A row is marked only
 * when the log has acknowledged its record. What can go wrong, and what happens:
 *
 * - the process dies between the acknowledgement and the mark: the next leader publishes those rows again, with the same
 *   payment ids, by which consumers know them;
 * - the database is away: the lead is lost, and asked for again with a growing pause. What was acknowledged meanwhile is
 *   marked then, and not published again;
 * - the log is away: the batch is held; nothing else is read meanwhile, so memory stays flat. The lead is kept for a while,
 *   then left to whoever may reach the log from elsewhere, until this relay's own batch is acknowledged;
 * - another relay leads: this one waits for its turn, and takes over when the other's connection ends;
 * - the lead is lost or left while the log is slow: what was handed over is waited for before anything is read again, so
 *   that one process never has two batches on their way. Another leader may publish those rows as well: twice, in order;
 * - the process is frozen: the database ends its lead after a while. Woken, it may still send what it had handed over to its
 *   producer, behind what its successor sent: the same records again. It marks nothing: its next call fails;
 * - the log will never take a record, or there is no payment for a row: a mistake of ours; the relay ends.
 */
import { dispositionOf, Fatal } from "../../engine/errors.ts";
import {
  type LedOutbox,
  leaderSilenceMs,
  type Outbox,
  type OutboxLag,
  type OutboxRow,
  type Payment,
} from "../../processors/payments/payment-ports.ts";
import { type Backoff, backoffMs, type Clock, type Random } from "../../engine/clock.ts";
import type { NewRecord } from "../../engine/log/log.ts";
import { errorFields, type Logger } from "../../engine/logger.ts";
import type { Producer } from "../../engine/log/producer.ts";
import { paymentsCompleted } from "../../schemas/payment.ts";

/** What a relay counts. */
export interface RelayTelemetry {
  /** Records were acknowledged, and so many rows marked that were not. */
  readonly published: (rows: number) => void;
  /** Old rows were deleted. */
  readonly pruned: (rows: number) => void;
  /** Whether this relay is the one that publishes. */
  readonly leading: (leads: boolean) => void;
  /** How far the log is behind, whoever leads. */
  readonly lag: (lag: OutboxLag) => void;
}

/** The relay's bounds. */
export interface RelaySettings {
  /** Rows read, published and marked together; 1 to 10,000. */
  readonly maxRows: number;
  /** Pause when there was nothing to publish. */
  readonly pollMs: number;
  /** How long to wait for the lead in one call; 1 to 5,000. */
  readonly leadWaitMs: number;
  /** How often the database is shown that a leader lives while it waits for the log; well under {@link leaderSilenceMs}. */
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
 * Published rows are kept for a day: to compare them with what the log has. The lead is left well after the grace, because an
 * outage of the log that all relays see is not worth a change of lead.
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
export interface RelayOptions {
  readonly outbox: Outbox;
  readonly producer: Producer;
  readonly encode: (payment: Payment) => Buffer;
  readonly clock: Clock;
  readonly random: Random;
  /** While the database is away. */
  readonly backoff: Backoff;
  readonly logger: Logger;
  readonly telemetry: RelayTelemetry;
  readonly settings: RelaySettings;
}

/** A relay at work. */
export interface Relay {
  /** False until it has reached the database, and while the database or the log has been away for longer than the grace. */
  readonly ready: () => { readonly ok: boolean; readonly why: readonly string[] };
  /** Whether it is the one that publishes. One that has lost the lead may not know it for some seconds. */
  readonly leads: () => boolean;
  /** Resolves when it has ended: with the reason where it could not go on. */
  readonly ended: Promise<Error | undefined>;
  /** Finishes the batch that is under way, gives up the lead, and ends. Idempotent. */
  readonly stop: () => Promise<void>;
}

/** Starts a relay. Never throws: what goes wrong is waited for, or ends it. */
export const startRelay = (options: RelayOptions): Relay => {
  const relay = new OutboxRelay(options);
  return { ready: relay.ready, leads: relay.leads, ended: relay.ended, stop: relay.stop };
};

/** Rows that were handed over to the log and are not marked yet. */
interface Batch {
  readonly rows: readonly OutboxRow[];
  readonly sinceMs: number;
  unacknowledged: number;
  /** Resolves when all of them are acknowledged. */
  readonly acknowledged: Promise<void>;
}

class OutboxRelay {
  readonly ended: Promise<Error | undefined>;
  readonly #options: RelayOptions;
  readonly #stopping = new AbortController();
  readonly #stopped = new Promise<void>((resolve) => {
    this.#stopping.signal.addEventListener("abort", () => resolve());
  });
  readonly #measured: Promise<void>;
  #batch: Batch | undefined;
  #prunedAt = Number.NEGATIVE_INFINITY;
  #leads = false;
  #reached = false;
  /** When the attempt at the database that is under way began, and since when none has succeeded. */
  #triedAtMs = 0;
  #awaySinceMs: number | undefined;
  #failures = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.ended = this.#run();
    this.#measured = this.#measure();
  }

  readonly ready = (): { readonly ok: boolean; readonly why: readonly string[] } => {
    const { clock, settings } = this.#options;
    const now = clock.now();
    const late = (sinceMs: number | undefined): sinceMs is number =>
      sinceMs !== undefined && now - sinceMs >= settings.graceMs;
    const seconds = (sinceMs: number): string => `${Math.round((now - sinceMs) / 1_000)} s`;
    const { sinceMs, unacknowledged } = this.#batch ?? { sinceMs: now, unacknowledged: 0 };
    const why = [
      ...(this.#stopping.signal.aborted ? ["stopping"] : []),
      ...(this.#reached ? [] : ["it has not reached the database yet"]),
      ...(late(this.#awaySinceMs) ? [`the database has been away for ${seconds(this.#awaySinceMs)}`] : []),
      ...(unacknowledged > 0 && late(sinceMs)
        ? [`the log has not acknowledged for ${seconds(sinceMs)}, and holds ${unacknowledged} row(s)`]
        : []),
    ];
    return { ok: why.length === 0, why };
  };

  readonly leads = (): boolean => this.#leads;

  readonly stop = async (): Promise<void> => {
    this.#stopping.abort();
    await this.ended;
    await this.#measured;
  };

  async #run(): Promise<Error | undefined> {
    const { outbox, clock, settings } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#ownBatch();
        if (signal.aborted) break;
        this.#triedAtMs = clock.now();
        const led = await outbox.lead(settings.leadWaitMs, (lead) =>
          this.#publishAll(lead).finally(() => this.#lead(false)),
        );
        this.#databaseIsThere();
        if (led !== undefined) continue;
        // Another one leads. What this one could not mark, that one reads: it is told again, and is not this one's to mark.
        this.#batch = undefined;
        await clock.sleep(settings.pollMs, signal);
      } catch (error) {
        const disposition = dispositionOf(error);
        if (disposition === "fatal" || disposition === "poison") {
          this.#stopping.abort();
          return error instanceof Error ? error : new Error(String(error));
        }
        await this.#backOff(error);
      }
    }
    return undefined;
  }

  /** Waits, without the lead, for what this relay has handed over; the database is asked for nothing meanwhile. */
  async #ownBatch(): Promise<void> {
    if (this.#batch === undefined || this.#batch.unacknowledged === 0) return;
    this.#awaySinceMs = undefined;
    await Promise.race([this.#batch.acknowledged, this.#stopped]);
  }

  async #backOff(error: unknown): Promise<void> {
    const { clock, random, backoff, logger } = this.#options;
    this.#awaySinceMs ??= this.#triedAtMs;
    this.#failures += 1;
    const ms = backoffMs(backoff, this.#failures, random);
    logger.warn(
      { ...errorFields(error), failures: this.#failures, backoffMs: Math.round(ms) },
      "the outbox cannot be read or marked",
    );
    await clock.sleep(ms, this.#stopping.signal);
  }

  #databaseIsThere(): void {
    this.#reached = true;
    this.#awaySinceMs = undefined;
    this.#failures = 0;
  }

  #lead(leads: boolean): void {
    this.#leads = leads;
    this.#options.telemetry.leading(leads);
  }

  /** Publishes until it stops, or until it leaves the lead to others because of the log. */
  async #publishAll(led: LedOutbox): Promise<true> {
    const { clock, logger, telemetry, settings } = this.#options;
    const { signal } = this.#stopping;
    logger.info({}, "leads the outbox");
    this.#lead(true);
    this.#reached = true;
    while (!signal.aborted) {
      this.#triedAtMs = clock.now();
      const batch = this.#batch ?? (await this.#handOver(led));
      if (batch !== undefined) {
        if (!(await this.#acknowledged(led, batch))) return true;
        telemetry.published(await led.markPublished(batch.rows));
        this.#batch = undefined;
      }
      // Not before: a database that is read and cannot be written is no database.
      this.#databaseIsThere();
      await this.#prune(led);
      // A full batch has more behind it.
      if ((batch?.rows.length ?? 0) < settings.maxRows) await clock.sleep(settings.pollMs, signal);
    }
    return true;
  }

  /** Reads a batch and gives it to the producer; undefined where there is nothing to publish. */
  async #handOver(led: LedOutbox): Promise<Batch | undefined> {
    const { clock, settings } = this.#options;
    const rows = await led.unpublished(settings.maxRows);
    if (rows.length === 0) return undefined;
    const byPartition = this.#recordsOf(rows);
    const batch = { rows, sinceMs: clock.now(), unacknowledged: rows.length, acknowledged: Promise.resolve() };
    this.#batch = batch;
    const parts = Array.from(byPartition, async ([partition, records]) => {
      await this.#options.producer.produce({ topic: paymentsCompleted.name, partition }, records);
      batch.unacknowledged -= records.length;
    });
    batch.acknowledged = Promise.all(parts).then(() => {});
    // Whoever waits for it is told why. Where that does not end the relay, its rows are read again.
    batch.acknowledged.catch(() => {
      this.#batch = undefined;
    });
    return batch;
  }

  /** Whether the log has acknowledged it; false where the relay stops, or leaves the lead, before it has. */
  async #acknowledged(led: LedOutbox, { acknowledged, sinceMs }: Batch): Promise<boolean> {
    const { clock, logger, settings } = this.#options;
    for (;;) {
      const waited = new AbortController();
      const late = clock.sleep(settings.keepAliveMs, waited.signal).then(() => false);
      const done = await Promise.race([acknowledged.then(() => true), late]).finally(() => waited.abort());
      if (done) return true;
      if (this.#stopping.signal.aborted) return false;
      this.#triedAtMs = clock.now();
      await led.stillLeading();
      if (clock.now() - sinceMs < settings.yieldMs) continue;
      logger.warn({}, "leaves the lead to others: the log does not acknowledge");
      return false;
    }
  }

  /** By partition, in the order of their rows. */
  #recordsOf(rows: readonly OutboxRow[]): ReadonlyMap<number, readonly NewRecord[]> {
    const { producer } = this.#options;
    const byPartition = new Map<number, NewRecord[]>();
    for (const { payment } of rows) {
      const key = Buffer.from(paymentsCompleted.key(payment));
      const partition = producer.partitionOf(paymentsCompleted.name, key);
      const records = byPartition.get(partition) ?? [];
      byPartition.set(partition, records);
      records.push({ key, value: this.#encode(payment) });
    }
    return byPartition;
  }

  #encode(payment: Payment): Buffer {
    try {
      return this.#options.encode(payment);
    } catch (error) {
      throw new Fatal("PAYMENT_UNENCODABLE", `payment ${payment.paymentId} fits no record`, { cause: error });
    }
  }

  async #prune(led: LedOutbox): Promise<void> {
    const { clock, telemetry, settings } = this.#options;
    if (clock.now() - this.#prunedAt < settings.pruneEveryMs) return;
    const rows = await led.prune(settings.keptMs, settings.pruneMaxRows);
    // A full batch has more behind it: the next one follows after the next rows are published.
    if (rows < settings.pruneMaxRows) this.#prunedAt = clock.now();
    if (rows > 0) telemetry.pruned(rows);
  }

  /** By itself, because the lag matters most while the log is away and nothing else moves. */
  async #measure(): Promise<void> {
    const { outbox, clock, logger, telemetry, settings } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await outbox.lag().then(telemetry.lag, (error: unknown) => {
        logger.debug(errorFields(error), "the outbox's lag cannot be measured");
      });
      await clock.sleep(settings.lagEveryMs, signal);
    }
  }
}
