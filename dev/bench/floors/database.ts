/** What the database does with one transaction a round: one UPDATE and one INSERT of many rows, flushed at COMMIT. */
import mysql from "mysql2/promise";
import { v7 } from "uuid";
import type { Stage } from "../stage.ts";
import { callUnits, type FloorRun, timeCalls } from "./floor.ts";

const tables = [
  "DROP TABLE IF EXISTS floor_coupon, floor_user_coupon",
  "CREATE TABLE floor_coupon (id INT PRIMARY KEY, remaining INT NOT NULL)",
  `CREATE TABLE floor_user_coupon (reservation_id BINARY(16) PRIMARY KEY, coupon_no INT NOT NULL,
    user_id VARBINARY(256) NOT NULL, issued_at BIGINT NOT NULL, UNIQUE KEY one_a_user (coupon_no, user_id))`,
  "INSERT INTO floor_coupon VALUES (1, 1000000000)",
] as const;

/** Runs the transaction with {@link callUnits} rows a call, on one connection. @throws the driver's errors */
export const measureTransaction = async ({ endpoints, signal }: Stage): Promise<FloorRun> => {
  const database = await mysql.createConnection({ uri: endpoints.databaseUrl });
  try {
    for (const statement of tables) await database.query(statement);
    return await timeCalls({
      signal,
      part: "one transaction: mysql2, UPDATE and INSERT, on one connection",
      prepare: (call) => Array.from({ length: callUnits }, (_, n) => row(call * callUnits + n)),
      call: async (rows) => {
        await database.query("START TRANSACTION");
        await database.query("UPDATE floor_coupon SET remaining = remaining - ? WHERE id = 1", [callUnits]);
        await database.query("INSERT INTO floor_user_coupon VALUES ?", [rows]);
        await database.query("COMMIT");
      },
    });
  } finally {
    await database.end();
  }
};

const row = (n: number): readonly (Buffer | string | number)[] => [
  Buffer.from(v7().replaceAll("-", ""), "hex"),
  1,
  `user-${n}`,
  Date.now(),
];
