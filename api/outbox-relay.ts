/**
 * The relay: tells the log of payments, at least once, in the order of their rows for one order. A row is marked only
 * when the log has acknowledged its record. What can go wrong, and what happens:
 *
 * - the process dies between the acknowledgement and the mark: the next leader publishes those rows again, with the same
 *   payment ids, by which consumers know them;
 * - the database is away: the lead is lost, and asked for again with a growing pause;
 * - the log is away: the batch is held and the lead kept; nothing else is read meanwhile, so memory stays flat;
 * - another relay leads: this one waits for its turn, and takes over when the other's connection ends;
 * - the lead is lost while the log is slow: what was handed over is waited for before anything is read again, so that
 *   one process never has two batches on their way. Another leader may publish those rows as well: twice, in order.
 * - the log will never take a record, or there is no payment for a row: a mistake of ours; the relay ends.
 */
import { dispositionOf, Fatal } from "../processors/errors.ts";
import type { LedOutbox, Outbox, OutboxLag, OutboxRow, Payment } from "../processors/payment-ports.ts";
import { type Backoff, backoffMs, type Clock, type Random } from "../runtime/clock.ts";
import type { NewRecord } from "../runtime/log.ts";
import { errorFields, type Logger } from "../runtime/logger.ts";
import type { Producer } from "../runtime/producer.ts";
import { paymentsCompleted } from "../schemas/payment.ts";

/** What a relay counts. */
export interface RelayTelemetry {
  /** Records were acknowledged, and their rows marked. */
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
  /** How often the database is shown that a leader lives while it waits for the log; well under 30,000. */
  readonly keepAliveMs: number;
  /** How often the lag is measured. */
  readonly lagEveryMs: number;
  /** How long published rows are kept. */
  readonly keptMs: number;
  /** How often old rows are looked for. */
  readonly pruneEveryMs: number;
  /** Old rows deleted between two batches: few enough to delay none. */
  readonly pruneMaxRows: number;
}

/** Published rows are kept for a day: to compare them with what the log has. */
export const relayDefaults: RelaySettings = {
  maxRows: 2_000,
  pollMs: 25,
  leadWaitMs: 2_000,
  keepAliveMs: 5_000,
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
  /** Whether it reached the database at its last attempt; as leader or waiting for its turn. */
  readonly ready: () => { readonly ok: boolean; readonly why: readonly string[] };
  /** Resolves when it has ended: with the reason where it could not go on. */
  readonly ended: Promise<Error | undefined>;
  /** Finishes the batch that is under way, gives up the lead, and ends. Idempotent. */
  readonly stop: () => Promise<void>;
}

/** Starts a relay. Never throws: what goes wrong is waited for, or ends it. */
export const startRelay = (options: RelayOptions): Relay => {
  const relay = new OutboxRelay(options);
  return { ready: relay.ready, ended: relay.ended, stop: relay.stop };
};

class OutboxRelay {
  readonly ended: Promise<Error | undefined>;
  readonly #options: RelayOptions;
  readonly #stopping = new AbortController();
  readonly #stopped = new Promise<void>((resolve) => {
    this.#stopping.signal.addEventListener("abort", () => resolve());
  });
  readonly #measured: Promise<void>;
  /** What was handed over and is not acknowledged yet. Never rejects: how it ended is for whoever waits. */
  #onItsWay: Promise<void> = Promise.resolve();
  #prunedAt = Number.NEGATIVE_INFINITY;
  #trouble: string | undefined = "it has not reached the database yet";

  constructor(options: RelayOptions) {
    this.#options = options;
    this.ended = this.#run();
    this.#measured = this.#measure();
  }

  readonly ready = (): { readonly ok: boolean; readonly why: readonly string[] } => {
    const why = this.#stopping.signal.aborted ? "stopping" : this.#trouble;
    return { ok: why === undefined, why: why === undefined ? [] : [why] };
  };

  readonly stop = async (): Promise<void> => {
    this.#stopping.abort();
    await this.ended;
    await this.#measured;
  };

  async #run(): Promise<Error | undefined> {
    const { outbox, clock, random, backoff, logger, telemetry, settings } = this.#options;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await Promise.race([this.#onItsWay, this.#stopped]);
        const led = await outbox.lead(settings.leadWaitMs, (lead) => this.#publishAll(lead));
        // Whoever leads, the database is there.
        this.#trouble = undefined;
        failures = 0;
        if (led === undefined) await clock.sleep(settings.pollMs, signal);
      } catch (error) {
        const disposition = dispositionOf(error);
        if (disposition === "fatal" || disposition === "poison") {
          this.#stopping.abort();
          return error instanceof Error ? error : new Error(String(error));
        }
        this.#trouble = "the database is away";
        failures += 1;
        const ms = backoffMs(backoff, failures, random);
        logger.warn({ ...errorFields(error), failures, backoffMs: Math.round(ms) }, "the outbox cannot be read");
        await clock.sleep(ms, signal);
      } finally {
        telemetry.leading(false);
      }
    }
    return undefined;
  }

  async #publishAll(led: LedOutbox): Promise<true> {
    const { clock, logger, telemetry, settings } = this.#options;
    const { signal } = this.#stopping;
    logger.info({}, "leads the outbox");
    telemetry.leading(true);
    while (!signal.aborted) {
      const rows = await led.unpublished(settings.maxRows);
      this.#trouble = undefined;
      if (rows.length > 0) await this.#publish(led, rows);
      await this.#prune(led);
      // A full batch has more behind it.
      if (rows.length < settings.maxRows) await clock.sleep(settings.pollMs, signal);
    }
    return true;
  }

  /** Ends when the rows are acknowledged and marked; or when the relay stops and the log has said nothing for a while. */
  async #publish(led: LedOutbox, rows: readonly OutboxRow[]): Promise<void> {
    const { clock, telemetry, settings } = this.#options;
    const acknowledged = this.#produce(rows).then(() => true);
    this.#onItsWay = acknowledged.then(
      () => {},
      () => {},
    );
    for (;;) {
      const waited = new AbortController();
      const late = clock.sleep(settings.keepAliveMs, waited.signal).then(() => false);
      const done = await Promise.race([acknowledged, late]).finally(() => waited.abort());
      if (done) break;
      if (this.#stopping.signal.aborted) return;
      await led.stillLeading();
    }
    await led.markPublished(rows);
    telemetry.published(rows.length);
  }

  /** Hands rows over, by partition and in order; resolves when all of them are acknowledged. */
  async #produce(rows: readonly OutboxRow[]): Promise<void> {
    const { producer } = this.#options;
    const topic = paymentsCompleted.name;
    const byPartition = new Map<number, NewRecord[]>();
    for (const { payment } of rows) {
      const key = Buffer.from(paymentsCompleted.key(payment));
      const partition = producer.partitionOf(topic, key);
      const records = byPartition.get(partition) ?? [];
      byPartition.set(partition, records);
      records.push({ key, value: this.#encode(payment) });
    }
    await Promise.all(Array.from(byPartition, ([partition, all]) => producer.produce({ topic, partition }, all)));
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
