/** Starts the relay of an outbox: Kafka, codec, producer and metrics around it, and the order in which they end. */
import { systemClock } from "../../clock.ts";
import type { Accumulator } from "../../log/producer/accumulator.ts";
import type { Producer } from "../../log/producer.ts";
import type { OutboxDefinition } from "../../outbox/define-outbox.ts";
import { startRelay } from "../../outbox/relay.ts";
import { relayDefaults } from "../../outbox/relay-options.ts";
import type { OpenedOutbox, ProcessContext, Running } from "../define-app.ts";
import { openProducer } from "../process/open-producer.ts";
import { relayTelemetry } from "../metrics/relay-metrics.ts";

/** Between attempts while the database is away: soon enough to go on within 2 s of its return. */
const backoff = { initialMs: 50, maxMs: 1_500 };
/** How long a stopping relay waits for acknowledgements that do not come. */
const drainMs = 5_000;

/**
 * Starts a relay. The table may be away. @throws SchemaNotRegistered, Fatal where the topic is not as it is declared, and
 * where the log or the registry is away: then a supervisor starts it again.
 */
export const startOutboxRelay = async <Value, Published>(
  context: ProcessContext,
  definition: OutboxDefinition<Value, Published>,
  own: OpenedOutbox<NoInfer<Value>>,
): Promise<Running> => {
  const { topic, name } = definition;
  const { log, codec, producer } = await openProducer(context, {
    clientId: `sluice-relay-${name}`,
    topics: [topic],
    ...(own.wrapLog === undefined ? {} : { wrapLog: own.wrapLog }),
  });
  return relayOn(context, definition, {
    own,
    producer,
    encode: await codec.encoder(topic),
    close: async () => {
      await closeOrAbandon(producer);
      await log.close();
    },
  });
};

/** What a relay publishes from and to. */
export interface RelayParts<Value, Published> {
  readonly own: OpenedOutbox<Value>;
  readonly producer: Producer;
  readonly encode: (record: Published) => Buffer;
  /** Closes the producer and what is behind it. */
  readonly close: () => Promise<void>;
}

/** A relay on what was opened for it, with its upkeep. */
export const relayOn = <Value, Published>(
  { config: { holdGraceMs }, logger, registry }: RelayContext,
  definition: OutboxDefinition<Value, Published>,
  { own, producer, encode, close }: RelayParts<Value, Published>,
): Running => {
  const { keptMs = relayDefaults.keptMs, upkeep } = own;
  const relay = startRelay({
    ...{ definition, outbox: own.outbox, producer, encode, backoff, logger },
    clock: systemClock,
    random: Math.random,
    telemetry: relayTelemetry(registry, definition.name),
    settings: { ...relayDefaults, graceMs: holdGraceMs, keptMs },
  });
  const stopping = new AbortController();
  const kept = Promise.resolve(upkeep?.(relay.leads, stopping.signal));
  return {
    ready: relay.ready,
    ended: Promise.race([relay.ended, failureOf(kept)]),
    listedAs: { kind: "relay", subject: definition.name },
    about: { outbox: definition.name, topic: definition.topic.name },
    stop: async () => {
      stopping.abort();
      await relay.stop();
      await kept.catch(() => {});
      await close();
      await own.close();
    },
  };
};

/** What of a process's context a relay reads. */
export type RelayContext = Pick<ProcessContext, "logger" | "registry"> & {
  readonly config: Pick<ProcessContext["config"], "holdGraceMs">;
};

/** Resolves with what an upkeep rejects with; never, where it does not. */
const failureOf = (upkeep: Promise<void>): Promise<Error> =>
  new Promise((resolve) => {
    upkeep.catch((error: unknown) => resolve(error instanceof Error ? error : new Error(String(error))));
  });

/** What is not acknowledged is not marked, and comes again: it may be given up. */
const closeOrAbandon = async (producer: Accumulator): Promise<void> => {
  const timer = setTimeout(producer.abandon, drainMs);
  await producer.close();
  clearTimeout(timer);
};
