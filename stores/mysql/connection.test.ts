// What a statement may be given. How statements end is tested in coupons/coupon-failures.int.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fatal } from "../../engine/errors.ts";
import { boundStatements, type MysqlConnection, type Parameter, run } from "./connection.ts";

/** A connection that answers everything at once with what it was asked. */
const echo = () => {
  const asked: unknown[] = [];
  const connection = {
    execute: (_options: object, values: unknown, done: (error: null, answer: unknown) => void) => {
      asked.push(values);
      done(null, values);
    },
    query: () => {},
  };
  // Only what run and boundStatements touch.
  const mysql = connection as unknown as MysqlConnection;
  boundStatements(mysql, 10_000);
  return { mysql, asked };
};

test("statement: takes strings, finite numbers, big integers, bytes and null", async () => {
  const { mysql } = echo();
  const values = ["'; --", -1.5, 2n ** 63n, Buffer.from([0]), null];
  assert.deepEqual(await run(mysql, "SELECT ?", values), values);
});

for (const [what, value] of [
  ["an object", { user_id: 1 }],
  ["an array", ["a", "b"]],
  ["a nested array", [[1, 2]]],
  ["a date", new Date(0)],
  ["a boolean", true],
  ["undefined", undefined],
  ["a function", () => "1"],
  ["bytes that are no Buffer", new Uint8Array(2)],
  ["what has its own SQL", { toSqlString: () => "1 OR 1=1" }],
  ["not a number", Number.NaN],
  ["infinity", Number.POSITIVE_INFINITY],
] as const) {
  test(`statement: is refused, and nothing is sent, when a parameter is ${what}`, async () => {
    const { mysql, asked } = echo();
    // As a caller without types could.
    const values = ["fine", value] as unknown as readonly Parameter[];
    await assert.rejects(
      run(mysql, "SELECT ?, ?", values),
      (error) => error instanceof Fatal && error.code === "SQL_PARAMETER",
    );
    assert.deepEqual(asked, []);
  });
}
