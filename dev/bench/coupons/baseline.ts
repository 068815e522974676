/**
 * The per-record baseline: what a careful team writes with the same libraries and no rounds. kafkajs `eachMessage`, one
 * decrement, one transaction and one result event a record, awaited in turn, because one key must stay in order.
 * Payments are remembered the same way: one INSERT a record.
 * The one file outside the adapters that imports the drivers: it is the rival, not the product.
 */
import avro from "avsc";
import { Redis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";
import mysql from "mysql2/promise";
import type { CouponIssueRequested } from "../../../schemas/coupon.ts";
import type { PaymentCompleted } from "../../../schemas/payment.ts";
import type { StackEndpoints } from "../../stack/endpoints.ts";

/** What the baseline runs on. */
export interface BaselineOptions {
  readonly endpoints: StackEndpoints;
  readonly sourceTopic: string;
  readonly resultTopic: string;
  readonly groupId: string;
  /** Records to process before it stops. */
  readonly records: number;
  readonly stock: number;
  /** Avro schema of the requests; bodies are framed with five bytes. */
  readonly requestSchema: avro.Schema;
}

/** How fast it was: from the first record to the acknowledgement of the last result. */
export interface BaselineRun {
  readonly records: number;
  readonly issued: number;
  readonly seconds: number;
}

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

/** Runs the baseline of the history over a preloaded topic: one INSERT a payment, which leaves existing rows unchanged. */
export const runHistoryBaseline = async (
  options: Pick<BaselineOptions, "endpoints" | "sourceTopic" | "groupId" | "records"> & {
    readonly paymentSchema: avro.Schema;
  },
): Promise<BaselineRun> => {
  const kafka = new Kafka({ brokers: [...options.endpoints.brokers], logLevel: logLevel.NOTHING });
  const database = mysql.createPool({ uri: options.endpoints.databaseUrl, connectionLimit: 2 });
  const consumer = kafka.consumer({ groupId: options.groupId, maxWaitTimeInMs: 100 });
  try {
    await database.query("DROP TABLE IF EXISTS baseline_history");
    await database.query("CREATE TABLE baseline_history LIKE transaction_history");
    await consumer.connect();
    await consumer.subscribe({ topic: options.sourceTopic, fromBeginning: true });
    const type = avro.Type.forSchema(options.paymentSchema);
    return await drain(options, consumer, async (value) => {
      // The bodies were written with this very schema.
      const payment = type.fromBuffer(value.subarray(5)) as PaymentCompleted;
      const { paymentId, orderId, userId, amount, discount, paidAt } = payment;
      const [added] = await database.execute<mysql.ResultSetHeader>(
        `INSERT INTO baseline_history (payment_id, order_id, user_id, amount, discount, paid_at)
          VALUES (UNHEX(REPLACE(?, '-', '')), UNHEX(REPLACE(?, '-', '')), ?, ?, ?, ?)
          ON DUPLICATE KEY UPDATE payment_id = payment_id`,
        [paymentId, orderId, userId, amount, discount, paidAt],
      );
      return added.affectedRows === 1;
    });
  } finally {
    await Promise.allSettled([consumer.disconnect(), database.end()]);
  }
};

type Consumer = ReturnType<Kafka["consumer"]>;

/** Takes `records` records one after the other; `handle` answers whether one counts as issued. */
const drain = async (
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

const stockKey = ({ groupId }: BaselineOptions): string => `baseline:${groupId}`;

/** Tables of its own, of the same shape as ours. */
const prepare = async (database: mysql.Pool, redis: Redis, options: BaselineOptions): Promise<void> => {
  await database.query("DROP TABLE IF EXISTS baseline_coupon, baseline_user_coupon");
  await database.query("CREATE TABLE baseline_coupon (id INT PRIMARY KEY, remaining INT NOT NULL)");
  await database.query(`CREATE TABLE baseline_user_coupon (reservation_id BINARY(16) PRIMARY KEY, coupon_no INT NOT NULL,
    user_id VARBINARY(256) NOT NULL, issued_at BIGINT NOT NULL, UNIQUE KEY one_a_user (coupon_no, user_id))`);
  await database.execute("INSERT INTO baseline_coupon VALUES (1, ?)", [options.stock]);
  await redis.set(stockKey(options), options.stock);
};

const issueOne = async (
  database: mysql.Pool,
  { stock }: BaselineOptions,
  { reservationId, userId, requestedAt }: CouponIssueRequested,
): Promise<boolean> => {
  const connection = await database.getConnection();
  try {
    await connection.beginTransaction();
    const [taken] = await connection.execute<mysql.ResultSetHeader>(
      "UPDATE baseline_coupon SET remaining = remaining - 1 WHERE id = 1 AND remaining > 0 AND remaining <= ?",
      [stock],
    );
    if (taken.affectedRows === 1)
      await connection.execute("INSERT INTO baseline_user_coupon VALUES (UNHEX(REPLACE(?, '-', '')), 1, ?, ?)", [
        reservationId,
        userId,
        requestedAt,
      ]);
    await connection.commit();
    return taken.affectedRows === 1;
  } catch (error) {
    await connection.rollback();
    throw error;
  } finally {
    connection.release();
  }
};
