/** Composition root of the coupon and payment API: its stores, its producer, and a port to listen on. */
import { randomBytes } from "node:crypto";
import { createApi } from "../../api/api.ts";
import type { CouponApiParameters } from "../../api/http/parameters.ts";
import { machineClock } from "../../api/http/clock.ts";
import { readinessOf, type Unready } from "../../engine/readiness.ts";
import { listening } from "../../engine/app/process/listening.ts";
import { openProducer } from "../../engine/app/process/open-producer.ts";
import { InvalidConfig } from "../../engine/app/config/settings.ts";
import { openTokenKeys } from "../token-keys.ts";
import { type DatabaseHealth, watchDatabase } from "./database-health.ts";
import { openDecidedEvents } from "./decided-events.ts";
import { openRequestQueue } from "./request-queue.ts";
import { watchProducer } from "./producer-health.ts";
import { systemClock } from "../../engine/clock.ts";
import { couponIssueRequests } from "../../schemas/coupon.ts";
import { couponCatalog } from "../../stores/mysql/coupons/coupon-catalog.ts";
import { couponRegister } from "../../stores/mysql/coupons/coupon-register.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { idempotencyKeys } from "../../stores/mysql/idempotency/idempotency-keys.ts";
import { readsAndWrites } from "../../stores/mysql/reads-and-writes.ts";
import { paymentBook } from "../../stores/mysql/payments/payment-book.ts";
import { verdictLookup } from "../../stores/mysql/coupons/verdict-lookup.ts";
import { apiMetrics } from "../metrics/api-metrics.ts";
import { checkDescriptors, openFilesLimit } from "./descriptors.ts";
import { type ProcessHooks, noHooks } from "./process-hooks.ts";
import type { Running } from "../../engine/app/define-app.ts";
import { equalPorts, settingsHelp, type ShopContext } from "../config.ts";

/** Starts the API. @throws Fatal where its connections do not fit @throws SchemaNotRegistered @throws Fatal where the topic is not as declared @throws CliError (CANNOT_LISTEN) where the port is taken @throws InvalidConfig where both its ports are one. */
export const startApi = async (
  context: ShopContext,
  hooks: Pick<ProcessHooks, "database"> = noHooks,
): Promise<Running> => {
  const { config } = context;
  const clash = equalPorts(config.api.port, config.healthPort);
  if (clash.length > 0) throw new InvalidConfig(clash, settingsHelp);
  checkDescriptors(openFilesLimit(), config.api.maxConnections);
  // A client waits 10 s: a payment that waits for a lock must have failed by then, and the others been paid without it; and
  // where a connection swallows what is sent, there must be time for another one.
  const limits = { lockWaitTimeoutSeconds: 1, statementTimeoutMs: 4_000 };
  const database = hooks.database(openDatabase({ databaseUrl: config.databaseUrl, ...limits }));
  const { log, codec, producer } = await openProducer(context, {
    clientId: "sluice-api",
    topics: [couponIssueRequests],
  });
  const encodeRequest = await codec.encoder(couponIssueRequests);
  const { logger } = context;
  const ask = () => readsAndWrites(database);
  const queue = openRequestQueue(context);
  const events = openDecidedEvents(context, codec);
  const health = watchDatabase({ ask, clock: systemClock, logger, graceMs: config.holdGraceMs });
  return serveApi(context, {
    ports: {
      idempotencyKeys: idempotencyKeys(database),
      verdicts: verdictLookup(database),
      coupons: couponRegister(database),
      catalog: couponCatalog(database),
      payments: paymentBook(database),
    },
    producer,
    encodeRequest,
    seeQueue: queue.see,
    decidedEvents: events,
    database: health,
    close: async () => {
      health.stop();
      await events.close();
      await queue.close();
      await log.close();
      await database.close();
    },
  });
};

/** What an API is served on. */
export interface ServedOn
  extends Pick<CouponApiParameters, "ports" | "producer" | "encodeRequest" | "seeQueue" | "decidedEvents"> {
  /** What the database says; absent where there is none, as in a test. */
  readonly database?: Pick<DatabaseHealth, "reasons" | "degraded" | "ended">;
  /** Closes what the ports and the producer use, after the producer is closed. */
  readonly close: () => Promise<void>;
}

const toldToStop: Unready = { code: "STOPPING", why: "stopping" };

/** Listens and serves the API on opened parts. @throws CliError (CANNOT_LISTEN) where the port is taken. */
export const serveApi = async (
  {
    config,
    logger,
    registry,
    tracer,
  }: Pick<ShopContext, "logger" | "registry" | "tracer"> & {
    readonly config: Pick<ShopContext["config"], "api" | "tokenSecret" | "tokens" | "refusalsKeptMs">;
  },
  { ports, producer: inner, encodeRequest, seeQueue, decidedEvents, database, close }: ServedOn,
): Promise<Running> => {
  const { host, port, shutdownDelayMs, ...settings } = config.api;
  const { maxBacklogRecords } = settings;
  const opened = await openTokenKeys(config.tokens, { clock: systemClock, logger });
  const { producer, reasons, ended } = watchProducer(inner, { clock: systemClock, logger, maxBacklogRecords });
  let stopping = false;
  const ready = () => {
    const why = [...(stopping ? [toldToStop] : []), ...reasons(), ...opened.reasons(), ...(database?.reasons() ?? [])];
    return readinessOf(why, database?.degraded());
  };
  const api = await createApi({
    ports,
    producer,
    encodeRequest,
    seeQueue,
    decidedEvents,
    clock: machineClock,
    randomBytes,
    tokenSecret: config.tokenSecret,
    formerSecrets: config.tokens.secrets.slice(1),
    tokens: opened.tokens,
    ready,
    log: logger,
    settings: { ...settings, refusalsKeptMs: config.refusalsKeptMs },
    metrics: apiMetrics(registry),
    tracer,
  });
  const named = { host: "SLUICE_API_HOST", port: "SLUICE_API_PORT" };
  const url = await listening({ host, port, settings: named }, () => api.listen({ host, port }));
  return {
    ready,
    // An outage does not end the API, because what it depends on may come back; see watchProducer and watchDatabase for what does.
    ended: Promise.race([ended, ...(database === undefined ? [] : [database.ended])]),
    listedAs: { kind: "api" },
    about: { url },
    stop: async () => {
      // A load balancer learns it from /ready, and sends requests until it has: those are answered as ever.
      stopping = true;
      await systemClock.sleep(shutdownDelayMs);
      await api.close();
      await opened.close();
      await producer.close();
      await close();
    },
  };
};
