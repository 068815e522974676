/** Reads one number from the database, for tests. */
import assert from "node:assert/strict";
import { columns, integerColumn } from "../columns/columns.ts";
import type { Parameter } from "../connection.ts";
import type { Database } from "../database.ts";
import { withSession } from "../session.ts";

/** What a statement has to name `n`. */
export const numberColumns = columns("answer", { n: integerColumn() });

/** The `n` of the first row. Fails where there is no row. */
export const numberOf = async (database: Database, sql: string, values: readonly Parameter[] = []): Promise<number> => {
  const [row] = await withSession(database, ({ select }) => select(numberColumns, sql, values));
  return row?.n ?? assert.fail(sql);
};
