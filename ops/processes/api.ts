/** Composition root of the coupon and payment API: its stores, its producer, and a port to listen on. */
import { randomBytes } from "node:crypto";
import { createApi } from "../../api/api.ts";
import type { Clock } from "../../api/http/parameters.ts";
import { accumulatorDefaults, createAccumulator, loadPartitionCounts } from "../../engine/log/producer/accumulator.ts";
import { systemClock } from "../../engine/clock.ts";
import { kafkaLog } from "../../engine/log/kafka/kafka-log.ts";
import { refuseOtherPartitionCounts } from "../../engine/worker/partition-counts.ts";
import { createCodec } from "../../engine/avro/codec.ts";
import { couponIssueRequests } from "../../schemas/coupon.ts";
import { confluentRegistry } from "../../engine/avro/registry.ts";
import { couponRegister } from "../../stores/mysql/coupons/coupon-register.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { idempotencyKeys } from "../../stores/mysql/idempotency/idempotency-keys.ts";
import { paymentBook } from "../../stores/mysql/payments/payment-book.ts";
import { verdictLookup } from "../../stores/mysql/coupons/verdict-lookup.ts";
import { watchBacklog } from "../../engine/app/metrics.ts";
import { apiMetrics } from "../metrics/api-metrics.ts";
import { type ProcessHooks, noHooks } from "./process-hooks.ts";
import type { Running } from "../../engine/app/define-app.ts";
import type { ShopContext } from "../config.ts";

const clock: Clock = {
  nowMs: Date.now,
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Starts the API. @throws SchemaNotRegistered @throws Fatal where the topic is not as declared, or where the port is taken. */
export const startApi = async (
  { config, logger, registry }: ShopContext,
  hooks: Pick<ProcessHooks, "database"> = noHooks,
): Promise<Running> => {
  // A client waits 10 s: a payment in the way of a lock must have failed by then, and the others been paid without it; and
  // where a connection swallows what is sent, there must be time for another one.
  const limits = { lockWaitTimeoutSeconds: 1, statementTimeoutMs: 4_000 };
  const database = hooks.database(openDatabase({ databaseUrl: config.databaseUrl, ...limits }));
  const log = kafkaLog({ brokers: config.brokers, clientId: "sluice-api", logger });
  // Requests spread over other partitions than the workers know would be read by nobody.
  await refuseOtherPartitionCounts(log, [couponIssueRequests]);
  const codec = createCodec({ source: confluentRegistry({ url: config.registryUrl }), now: () => performance.now() });
  const producer = createAccumulator({
    ...accumulatorDefaults,
    writer: log,
    partitionCounts: await loadPartitionCounts(log, [couponIssueRequests.name]),
    clock: systemClock,
    random: Math.random,
    logger,
  });
  watchBacklog(registry, producer.backlogRecords);
  let stopping = false;
  // Not the database: while it is away requests are accepted all the same, and only their verdicts have to wait.
  const ready = () => {
    const full = producer.backlogRecords() > config.api.maxBacklogRecords;
    const why = [
      ...(stopping ? ["stopping"] : []),
      ...(full ? ["the log does not keep up with what is accepted"] : []),
    ];
    return { ok: why.length === 0, why };
  };
  const api = await createApi({
    ports: {
      idempotencyKeys: idempotencyKeys(database),
      verdicts: verdictLookup(database),
      coupons: couponRegister(database),
      payments: paymentBook(database),
    },
    producer,
    encodeRequest: await codec.encoder(couponIssueRequests),
    clock,
    randomBytes,
    tokenSecret: config.tokenSecret,
    ready,
    log: logger,
    settings: { maxBacklogRecords: config.api.maxBacklogRecords, maxWaitingPayments: config.api.maxWaitingPayments },
    metrics: apiMetrics(registry),
  });
  const url = await api.listen({ host: config.api.host, port: config.api.port });
  return {
    ready,
    // The API ends only when it is told to: what it depends on may come back.
    ended: new Promise(() => {}),
    about: { url },
    stop: async () => {
      stopping = true;
      await api.close();
      await producer.close();
      await log.close();
      await database.close();
    },
  };
};
