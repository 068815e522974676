/** Composition root of the outbox relay: the outbox, a producer, and the loop between them. */
import { Counter, Gauge, type Registry } from "prom-client";
import { forgetDefaults, forgetKeys } from "../idempotency/forget-keys.ts";
import { startRelay } from "../../engine/outbox/relay.ts";
import { type RelayTelemetry, relayDefaults } from "../../engine/outbox/relay-options.ts";
import { paymentOutbox } from "../../topology/payment-outbox.ts";
import type { Accumulator } from "../../engine/log/producer/accumulator.ts";
import { systemClock } from "../../engine/clock.ts";
import { paymentsCompleted } from "../../schemas/payment.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { oldCouponKeys, oldPaymentKeys } from "../../stores/mysql/idempotency/old-keys.ts";
import { outbox } from "../../stores/mysql/payments/outbox.ts";
import { openProducer } from "./open-producer.ts";
import { type ProcessHooks, noHooks } from "./process-hooks.ts";
import type { Running } from "../../engine/app/define-app.ts";
import type { ShopContext } from "../config.ts";

/** Between attempts while the database is away: soon enough to resume within 2 s of its return. */
const backoff = { initialMs: 50, maxMs: 1_500 };
/** How long a stopping relay waits for acknowledgements that do not come. */
const drainMs = 5_000;

/**
 * Starts a relay. The database may be away. @throws SchemaNotRegistered, Fatal where the topic is not as declared, and where
 * the log or the registry is away: then a supervisor starts it again.
 */
export const startOutboxRelay = async (context: ShopContext, hooks: ProcessHooks = noHooks): Promise<Running> => {
  const { config, logger, registry } = context;
  // One connection for the lead, one for the lag, and one to forget keys.
  const database = hooks.database(openDatabase({ databaseUrl: config.databaseUrl, poolMax: 3, poolKeptIdle: 0 }));
  const { log, codec, producer } = await openProducer(context, {
    clientId: "sluice-relay",
    topics: [paymentsCompleted],
    wrapLog: hooks.log,
  });
  const relay = startRelay({
    definition: paymentOutbox,
    outbox: outbox(database),
    producer,
    encode: await codec.encoder(paymentsCompleted),
    clock: systemClock,
    random: Math.random,
    backoff,
    logger,
    telemetry: relayTelemetry(registry),
    settings: { ...relayDefaults, graceMs: config.holdGraceMs, keptMs: config.outboxKeptMs },
  });
  const stopping = new AbortController();
  const forgetting = forgetKeys(
    {
      keys: { payment: oldPaymentKeys(database), coupon: oldCouponKeys(database) },
      leads: relay.leads,
      clock: systemClock,
      logger,
      forgotten: forgottenKeys(registry),
      settings: { ...forgetDefaults, keptMs: config.keysKeptMs },
    },
    stopping.signal,
  );
  return {
    ready: relay.ready,
    ended: relay.ended,
    about: { topic: paymentsCompleted.name },
    stop: async () => {
      stopping.abort();
      await relay.stop();
      await forgetting;
      await closeOrAbandon(producer);
      await log.close();
      await database.close();
    },
  };
};

/** What is not acknowledged is not marked, and comes again: it may be given up. */
const closeOrAbandon = async (producer: Accumulator): Promise<void> => {
  const timer = setTimeout(producer.abandon, drainMs);
  await producer.close();
  clearTimeout(timer);
};

/** Counts what is forgotten. */
const forgottenKeys = (registry: Registry): ((kind: "payment" | "coupon", rows: number) => void) => {
  const counter = new Counter({
    name: "sluice_idempotency_keys_pruned_total",
    help: "Idempotency keys that were forgotten because of their age.",
    labelNames: ["kind"],
    registers: [registry],
  });
  return (kind, rows) => counter.inc({ kind }, rows);
};

/** Binds what a relay counts to a registry. */
export const relayTelemetry = (registry: Registry): RelayTelemetry => {
  const registers = [registry];
  const published = new Counter({
    name: "sluice_outbox_published_total",
    help: "Outbox rows that were acknowledged by the log and marked.",
    registers,
  });
  const pruned = new Counter({
    name: "sluice_outbox_pruned_total",
    help: "Published outbox rows that were deleted because of their age.",
    registers,
  });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const leading = gauge("sluice_outbox_leading", "1 while this relay is the one that publishes.");
  const rows = gauge("sluice_outbox_lag_rows", "Outbox rows to be published; 100,000 may be more.");
  const oldest = gauge("sluice_outbox_lag_seconds", "Age of the first outbox row to be published.");
  return {
    published: (count) => published.inc(count),
    pruned: (count) => pruned.inc(count),
    leading: (leads) => leading.set(leads ? 1 : 0),
    lag: (lag) => {
      rows.set(lag.rows);
      oldest.set(lag.oldestMs / 1_000);
    },
  };
};
