/** Reads a large table page by page, by a key from its last value on: no page is read twice, and none skips a row. */
import type { Columns } from "./columns/columns.ts";
import type { Parameter } from "./connection.ts";
import type { Session } from "./session.ts";

/** Rows a page: some 2 MB of answer. */
export const pageRows = 20_000;

/** What to read: a SELECT whose first parameter is the last key of the page before, ordered by that key, with a LIMIT of {@link pageRows}. */
export interface Paged<Row> {
  readonly columns: Columns<Row>;
  readonly sql: string;
  /** Below every key. */
  readonly from: Parameter;
  readonly keyOf: (row: Row) => Parameter;
  /** Of the statement's other parameters. */
  readonly values?: readonly Parameter[];
}

/** Shows every row that is there when it begins; of those that come meanwhile, some. @throws as {@link Session.select} does. */
export const eachRow = async <Row>(
  session: Session,
  { columns, sql, from, keyOf, values = [] }: Paged<Row>,
  see: (row: Row) => void,
): Promise<void> => {
  for (let after = from; ; ) {
    const rows = await session.select(columns, sql, [after, ...values]);
    rows.forEach(see);
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    after = keyOf(last);
  }
};
