/**
 * What every baseline of one hot coupon has: a counter in Redis, tables of its own beside ours, and a decrement and a
 * transaction a request. Like the other baselines it imports the drivers: they are the rivals, not the product.
 */
import { Redis } from "ioredis";
import mysql from "mysql2/promise";
import type { CouponIssueRequested } from "../../../schemas/coupon.ts";
import type { StackEndpoints } from "../../stack/endpoints.ts";

/** What a baseline runs on. */
export interface ShopOptions {
  readonly endpoints: StackEndpoints;
  /** Its own: names its keys in Redis and its consumer group. */
  readonly name: string;
  /** Records to process before it stops. */
  readonly records: number;
  readonly stock: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** How fast it was: from the first record to the last result, and its acknowledgement where it has one. */
export interface BaselineRun {
  readonly records: number;
  readonly issued: number;
  readonly seconds: number;
}

/** What a baseline needs of a request. */
export type Asked = Pick<CouponIssueRequested, "reservationId" | "userId" | "requestedAt">;

/** The two stores as a baseline uses them. */
export interface Shop {
  readonly redis: Redis;
  /** One decrement and one transaction; answers whether there was a unit. @throws the drivers' errors */
  readonly issue: (asked: Asked) => Promise<boolean>;
}

/** Makes counter and tables anew, hands them over with so many connections to the database, and closes. @throws what `work` throws */
export const withShop = async <T>(
  options: ShopOptions,
  connections: number,
  work: (shop: Shop) => Promise<T>,
): Promise<T> => {
  const redis = new Redis(options.endpoints.redisUrl);
  const database = mysql.createPool({ uri: options.endpoints.databaseUrl, connectionLimit: connections });
  const stockKey = `baseline:${options.name}`;
  try {
    await prepare(database, options.stock);
    await redis.set(stockKey, options.stock);
    return await work({
      redis,
      issue: async (asked) => (await redis.decr(stockKey)) >= 0 && (await issueOne(database, options, asked)),
    });
  } finally {
    await Promise.allSettled([database.end()]);
    redis.disconnect();
  }
};

/** Tables of its own, of the same shape as ours. */
const prepare = async (database: mysql.Pool, stock: number): Promise<void> => {
  await database.query("DROP TABLE IF EXISTS baseline_coupon, baseline_user_coupon");
  await database.query("CREATE TABLE baseline_coupon (id INT PRIMARY KEY, remaining INT NOT NULL)");
  await database.query(`CREATE TABLE baseline_user_coupon (reservation_id BINARY(16) PRIMARY KEY, coupon_no INT NOT NULL,
    user_id VARBINARY(256) NOT NULL, issued_at BIGINT NOT NULL, UNIQUE KEY one_a_user (coupon_no, user_id))`);
  await database.execute("INSERT INTO baseline_coupon VALUES (1, ?)", [stock]);
};

/** One transaction: a unit and its row, or neither. */
const issueOne = async (
  database: mysql.Pool,
  { stock }: ShopOptions,
  { reservationId, userId, requestedAt }: Asked,
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
