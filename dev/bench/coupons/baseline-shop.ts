/**
 * What every baseline of one hot coupon has: a counter in Redis, tables of its own beside ours, and one transaction a
 * request. Like the other baselines it imports the drivers: they are the rivals, not the product.
 */
import type avro from "avsc";
import type { Redis } from "ioredis";
import type mysql from "mysql2/promise";
import type { CouponIssueRequested } from "../../../schemas/coupon.ts";
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

/** Where Redis has the counter. */
export const stockKey = ({ groupId }: BaselineOptions): string => `baseline:${groupId}`;

/** Makes the counter, and tables of its own of the same shape as ours. @throws the driver's errors */
export const prepare = async (database: mysql.Pool, redis: Redis, options: BaselineOptions): Promise<void> => {
  await database.query("DROP TABLE IF EXISTS baseline_coupon, baseline_user_coupon");
  await database.query("CREATE TABLE baseline_coupon (id INT PRIMARY KEY, remaining INT NOT NULL)");
  await database.query(`CREATE TABLE baseline_user_coupon (reservation_id BINARY(16) PRIMARY KEY, coupon_no INT NOT NULL,
    user_id VARBINARY(256) NOT NULL, issued_at BIGINT NOT NULL, UNIQUE KEY one_a_user (coupon_no, user_id))`);
  await database.execute("INSERT INTO baseline_coupon VALUES (1, ?)", [options.stock]);
  await redis.set(stockKey(options), options.stock);
};

/** One transaction: a unit and its row, or neither. Answers whether there was a unit. @throws the driver's errors */
export const issueOne = async (
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
