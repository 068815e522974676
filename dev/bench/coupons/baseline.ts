/**
 * The per-record baseline: what a careful team writes with the same libraries and no rounds. kafkajs `eachMessage`, one
 * decrement, one transaction and one result event a record, awaited in turn, because one key must stay in order.
 */
import avro from "avsc";
import { Redis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";
import mysql from "mysql2/promise";
import type { CouponIssueRequested } from "../../../schemas/coupon.ts";
import { type BaselineOptions, type BaselineRun, issueOne, prepare, stockKey } from "./baseline-shop.ts";

/** Runs the baseline of coupons over a preloaded topic. */
export const runBaseline = async (options: BaselineOptions): Promise<BaselineRun> => {
  const kafka = new Kafka({ brokers: [...options.endpoints.brokers], logLevel: logLevel.NOTHING });
  const redis = new Redis(options.endpoints.redisUrl);
  const database = mysql.createPool({ uri: options.endpoints.databaseUrl, connectionLimit: 2 });
  const producer = kafka.producer({ idempotent: true });
  const consumer = kafka.consumer({ groupId: options.groupId, maxWaitTimeInMs: 100 });
  try {
    await prepare(database, redis, options);
    await producer.connect();
    await consumer.connect();
    await consumer.subscribe({ topic: options.sourceTopic, fromBeginning: true });
    const type = avro.Type.forSchema(options.requestSchema);
    return await drain(options, consumer, async (value) => {
      // The bodies were written with this very schema.
      const request = type.fromBuffer(value.subarray(5)) as CouponIssueRequested;
      const issued = (await redis.decr(stockKey(options))) >= 0 && (await issueOne(database, options, request));
      await producer.send({
        topic: options.resultTopic,
        acks: -1,
        messages: [{ key: request.couponId, value: JSON.stringify({ id: request.reservationId, issued }) }],
      });
      return issued;
    });
  } finally {
    await Promise.allSettled([consumer.disconnect(), producer.disconnect(), database.end()]);
    redis.disconnect();
  }
};

type Consumer = ReturnType<Kafka["consumer"]>;

/** Takes `records` records one after the other; `handle` answers whether one counts as issued. @throws what `run` throws */
export const drain = async (
  { records }: Pick<BaselineOptions, "records">,
  consumer: Consumer,
  handle: (value: Buffer) => Promise<boolean>,
): Promise<BaselineRun> => {
  const done = Promise.withResolvers<void>();
  let seen = 0;
  let issued = 0;
  let startedAt = 0;
  await consumer.run({
    eachMessage: async ({ message }) => {
      if (seen >= records || message.value === null) return;
      if (seen === 0) startedAt = performance.now();
      if (await handle(message.value)) issued++;
      if (++seen === records) done.resolve();
    },
  });
  await done.promise;
  return { records: seen, issued, seconds: (performance.now() - startedAt) / 1_000 };
};
