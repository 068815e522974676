/** The baseline of the history: kafkajs `eachMessage` and one INSERT a payment, as coupons are issued record by record. */
import avro from "avsc";
import { Kafka, logLevel } from "kafkajs";
import mysql from "mysql2/promise";
import type { PaymentCompleted } from "../../../schemas/payment.ts";
import { drain } from "../coupons/baseline.ts";
import type { BaselineRun, ShopOptions } from "../coupons/baseline-shop.ts";

/** Runs the baseline of the history over a preloaded topic: one INSERT a payment, which leaves existing rows unchanged. */
export const runHistoryBaseline = async (
  options: Omit<ShopOptions, "stock"> & { readonly sourceTopic: string; readonly paymentSchema: avro.Schema },
): Promise<BaselineRun> => {
  const kafka = new Kafka({ brokers: [...options.endpoints.brokers], logLevel: logLevel.NOTHING });
  const database = mysql.createPool({ uri: options.endpoints.databaseUrl, connectionLimit: 2 });
  const consumer = kafka.consumer({ groupId: options.name, maxWaitTimeInMs: 100 });
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
