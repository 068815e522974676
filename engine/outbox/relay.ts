/**
 * The relay: publishes the rows of an outbox at least once, for one key in the order of their numbers. A row is marked
 * only after the log has acknowledged its record. What can fail, and what the relay does then:
 *
 * - the process dies between the acknowledgement and the mark: the next leader publishes those rows again, with the same
 *   ids, by which consumers recognise them;
 * - the database is away: the lead is lost, and requested again with a growing pause. Rows acknowledged meanwhile are
 *   marked then, and not published again;
 * - the database refuses its user: at the start the relay ends; later it is as if it were away, and `/ready` names the refusal;
 * - the log is away: the batch stays in flight and nothing else is read, so memory does not grow. The relay keeps the lead
 *   for `yieldMs`, then gives it up to a relay that may reach the log, until its own batch is acknowledged;
 * - another relay leads: this one waits, and leads when the other's connection ends;
 * - the lead is lost or given up while the log is slow: the relay waits for its batch before it reads again, so that one
 *   process never has two batches in flight. Another leader may publish those rows too: twice, in order;
 * - the process is frozen: the database ends its lead after `leaderSilenceMs`. When it continues, it may still send what
 *   its producer has queued, after what its successor sent: the same records again. It marks nothing: its next call fails;
 * - a row's value is gone, or fits no record: it is set aside, and those behind it are published (set-aside.ts);
 * - the log refuses a record for good: a programming error; the relay ends.
 */
import { backoffMs } from "../clock.ts";
import { AccessRefused, dispositionOf } from "../errors.ts";
import { errorFields } from "../logger.ts";
import { type Readiness, readinessOf, refusedFor, type Unready } from "../readiness.ts";
import { type Batch, publishRows } from "./batch.ts";
import { type LedOutbox, outboxReadMaxRows } from "./outbox.ts";
import type { Relay, RelayOptions } from "./relay-options.ts";
import { createSetAside, type SetAside } from "./set-aside.ts";

/** Starts a relay. Never throws: an outage is waited for, and an error that lasts resolves `ended`. */
export const startRelay = <Value, Published>(options: RelayOptions<Value, Published>): Relay => {
  const relay = new OutboxRelay(options);
  return { ready: relay.ready, leads: relay.leads, ended: relay.ended, stop: relay.stop };
};

const stopping: Unready = { code: "STOPPING", why: "stopping" };
const starting: Unready = { code: "STARTING", why: "it has not reached the database yet" };
const databaseAway = (lasted: string): Unready => ({
  code: "DEPENDENCY_AWAY",
  why: `the database has been away for ${lasted}`,
});
const logBehind = (rows: number, lasted: string): Unready => ({
  code: "LOG_BEHIND",
  why: `the log has not acknowledged ${rows} row(s) for ${lasted}`,
});

class OutboxRelay<Value, Published> {
  readonly ended: Promise<Error | undefined>;
  readonly #options: RelayOptions<Value, Published>;
  readonly #stopping = new AbortController();
  readonly #stopped = new Promise<void>((resolve) => {
    this.#stopping.signal.addEventListener("abort", () => resolve());
  });
  readonly #measured: Promise<void>;
  readonly #setAside: SetAside;
  /** In flight, or acknowledged and not marked yet. */
  #batch: Batch<Value> | undefined;
  #prunedAtMs = Number.NEGATIVE_INFINITY;
  #leads = false;
  #reached = false;
  /** When the latest call of the database began, and when the first call began since which none has succeeded. */
  #triedAtMs = 0;
  #awaySinceMs: number | undefined;
  #refusal: AccessRefused | undefined;
  #failures = 0;

  constructor(options: RelayOptions<Value, Published>) {
    this.#options = options;
    this.#setAside = createSetAside(options.definition.name, options.logger);
    this.ended = this.#run();
    this.#measured = this.#measure();
  }

  readonly ready = (): Readiness => {
    const { clock, settings } = this.#options;
    const now = clock.now();
    const late = (sinceMs: number | undefined): sinceMs is number =>
      sinceMs !== undefined && now - sinceMs >= settings.graceMs;
    const seconds = (sinceMs: number): string => `${Math.round((now - sinceMs) / 1_000)} s`;
    const unacknowledged = this.#batch?.unacknowledged() ?? 0;
    const sinceMs = this.#batch?.sinceMs;
    return readinessOf([
      ...(this.#stopping.signal.aborted ? [stopping] : []),
      ...(this.#reached ? [] : [starting]),
      ...(late(this.#awaySinceMs) ? [this.#databaseTrouble(seconds(this.#awaySinceMs))] : []),
      ...this.#logRefusal(seconds),
      ...(unacknowledged > 0 && late(sinceMs) ? [logBehind(unacknowledged, seconds(sinceMs))] : []),
    ]);
  };

  #databaseTrouble(lasted: string): Unready {
    return this.#refusal === undefined ? databaseAway(lasted) : refusedFor(this.#refusal, lasted);
  }

  /** A log that refuses our user is named at once: no waiting brings that by itself. */
  #logRefusal(seconds: (sinceMs: number) => string): readonly Unready[] {
    const failing = this.#options.producer.trouble();
    if (!(failing?.error instanceof AccessRefused)) return [];
    return [refusedFor(failing.error, seconds(failing.sinceMs))];
  }

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
        const led = await outbox.lead(settings.leadWaitMs, (lead) => this.#lead(lead));
        this.#databaseIsReached();
        if (led !== undefined) continue;
        // Another relay leads. It reads the rows that this one could not mark, publishes them again and marks them.
        this.#batch = undefined;
        await clock.sleep(settings.pollMs, signal);
      } catch (error) {
        const disposition = dispositionOf(error);
        if (disposition === "fatal" || disposition === "poison") {
          this.#stopping.abort();
          return error instanceof Error ? error : new Error(String(error));
        }
        // Before it was ever reached this is the start, which is configured wrongly.
        if (error instanceof AccessRefused && !this.#reached) {
          this.#stopping.abort();
          return error;
        }
        await this.#backOff(error);
      }
    }
    return undefined;
  }

  /** Waits, without the lead, for the batch in flight; the database is not called meanwhile. */
  async #ownBatch(): Promise<void> {
    if (this.#batch === undefined || this.#batch.unacknowledged() === 0) return;
    this.#awaySinceMs = undefined;
    await Promise.race([this.#batch.acknowledged, this.#stopped]);
  }

  async #backOff(error: unknown): Promise<void> {
    const { definition, clock, random, backoff, logger } = this.#options;
    this.#awaySinceMs ??= this.#triedAtMs;
    this.#refusal = error instanceof AccessRefused ? error : undefined;
    this.#failures += 1;
    const ms = backoffMs(backoff, this.#failures, random);
    logger.warn(
      {
        event: "outbox.unavailable",
        outbox: definition.name,
        ...errorFields(error),
        failures: this.#failures,
        backoffMs: Math.round(ms),
      },
      "the outbox cannot be read or marked",
    );
    await clock.sleep(ms, this.#stopping.signal);
  }

  #databaseIsReached(): void {
    this.#reached = true;
    this.#awaySinceMs = undefined;
    this.#refusal = undefined;
    this.#failures = 0;
  }

  #setLeading(leads: boolean): void {
    this.#leads = leads;
    this.#options.telemetry.leading(leads);
  }

  async #lead(led: LedOutbox<Value>): Promise<true> {
    const { definition, logger } = this.#options;
    const outbox = definition.name;
    logger.info({ event: "outbox.lead.acquired", outbox }, "leads the outbox");
    this.#setLeading(true);
    try {
      await this.#publishAll(led);
      logger.info({ event: "outbox.lead.released", outbox }, "gives up the lead of the outbox");
      return true;
    } catch (error) {
      logger.warn({ event: "outbox.lead.lost", outbox, ...errorFields(error) }, "lost the lead of the outbox");
      throw error;
    } finally {
      this.#setLeading(false);
    }
  }

  /** Publishes until the relay stops, or until it gives up the lead because of the log. */
  async #publishAll(led: LedOutbox<Value>): Promise<void> {
    const { clock, telemetry, settings } = this.#options;
    const { signal } = this.#stopping;
    this.#reached = true;
    while (!signal.aborted) {
      this.#triedAtMs = clock.now();
      const batch = this.#batch ?? (await this.#nextBatch(led));
      if (batch !== undefined) {
        if (!(await this.#acknowledged(led, batch))) return;
        telemetry.published(await led.markPublished(batch.rows));
        this.#batch = undefined;
      }
      // Only here: a database that can be read but not written counts as away.
      this.#databaseIsReached();
      await this.#prune(led);
      // A full batch has more behind it.
      if ((batch?.rows.length ?? 0) < settings.maxRows) await clock.sleep(settings.pollMs, signal);
    }
  }

  /** Reads a batch and gives it to the producer; undefined where there is nothing to publish. */
  async #nextBatch(led: LedOutbox<Value>): Promise<Batch<Value> | undefined> {
    // What is set aside is read too, and must not take the place of what can be published.
    const maxRows = Math.min(this.#options.settings.maxRows + this.#setAside.unfit(), outboxReadMaxRows);
    const rows = this.#setAside.without(await led.unpublished(maxRows));
    if (rows.length === 0) return undefined;
    const { batch, unfit } = publishRows(rows, this.#options);
    this.#setAside.addUnfit(unfit);
    if (batch.rows.length === 0) return undefined;
    this.#batch = batch;
    // Those who wait for the batch receive the error. Where that does not end the relay, its rows are read again.
    batch.acknowledged.catch(() => {
      this.#batch = undefined;
    });
    return batch;
  }

  /** Whether the log has acknowledged the batch; false where the relay stops, or gives up the lead, before it has. */
  async #acknowledged(led: LedOutbox<Value>, { acknowledged, sinceMs }: Batch<Value>): Promise<boolean> {
    const { definition, clock, logger, settings } = this.#options;
    for (;;) {
      const waited = new AbortController();
      const late = clock.sleep(settings.keepAliveMs, waited.signal).then(() => false);
      const done = await Promise.race([acknowledged.then(() => true), late]).finally(() => waited.abort());
      if (done) return true;
      if (this.#stopping.signal.aborted) return false;
      this.#triedAtMs = clock.now();
      await led.stillLeading();
      if (clock.now() - sinceMs < settings.yieldMs) continue;
      logger.warn(
        { event: "outbox.lead.yielded", outbox: definition.name, waitedMs: clock.now() - sinceMs },
        "gives up the lead to other relays, because the log does not acknowledge",
      );
      return false;
    }
  }

  async #prune(led: LedOutbox<Value>): Promise<void> {
    const { clock, telemetry, settings } = this.#options;
    if (clock.now() - this.#prunedAtMs < settings.pruneEveryMs) return;
    const rows = await led.prune(settings.keptMs, settings.pruneMaxRows);
    // A full batch has more behind it: the next one follows after the next rows are published.
    if (rows < settings.pruneMaxRows) this.#prunedAtMs = clock.now();
    if (rows > 0) telemetry.pruned(rows);
  }

  /** A loop of its own, because the lag matters most while the log is away and the other loop waits. */
  async #measure(): Promise<void> {
    const { definition, outbox, clock, logger, telemetry, settings } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const seen = outbox.lag().then((lag) => {
        this.#setAside.seeOrphans(lag.orphans);
        telemetry.setAside(this.#setAside.rows());
        telemetry.lag({ ...lag, rows: Math.max(0, lag.rows - this.#setAside.unfit()) });
      });
      await seen.catch((error: unknown) => {
        logger.debug(
          { event: "outbox.lag.unknown", outbox: definition.name, ...errorFields(error) },
          "the lag of the outbox cannot be measured",
        );
      });
      await clock.sleep(settings.lagEveryMs, signal);
    }
  }
}
