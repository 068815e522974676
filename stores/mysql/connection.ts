/** One mysql2 connection as we use it: every statement is prepared by the server, and every statement has an end. */
import type { Socket } from "node:net";
import { Fatal } from "../../engine/errors.ts";

/** What a statement may be given: scalars only, so that mysql2 has nothing to expand. */
export type Parameter = string | number | bigint | Buffer | null;

/** What mysql2 answers to a change. */
export interface Change {
  /** Rows inserted, or rows really changed. An `ON DUPLICATE KEY UPDATE` that sets a column to itself counts 0. */
  readonly affectedRows: number;
}

type Done = (error: Error | null, answer: unknown) => void;

/** The part of a mysql2 connection that is used here. The underscored fields are those Sequelize itself looks at. */
export interface MysqlConnection {
  readonly execute: (options: object, values: readonly Parameter[], done: Done) => unknown;
  readonly query: (options: object, done: Done) => unknown;
  readonly stream: Socket;
  readonly threadId: number;
  readonly _closing?: boolean;
  readonly _fatalError: Error | null;
  readonly _protocolError: Error | null;
}

/** Sequelize hands its connections out untyped. */
export const asMysqlConnection = (connection: unknown): MysqlConnection => {
  if (typeof connection !== "object" || connection === null || !("execute" in connection && "stream" in connection)) {
    throw new TypeError("expected a mysql2 connection from the pool, got something else: is the dialect mysql?");
  }
  // Checked above as far as one can: it is an object with mysql2's execute and stream.
  return connection as MysqlConnection;
};

/**
 * How much longer than the server's own limit we wait before the socket is destroyed: a server that is merely slow ends
 * the statement itself (MariaDB any statement, MySQL only SELECTs), and the connection stays usable.
 */
const limitMargin = 1.2;

/**
 * Gives every statement on this connection an end and scalars only, Sequelize's own too. A server or a network that says nothing would
 * hold it for ever, and mysql2 has no limit that also closes the connection; so the socket is destroyed and the
 * statement fails. Whether it took effect is then unknown. A parameter that is no scalar throws Fatal (SQL_PARAMETER),
 * and nothing is sent.
 */
export const boundStatements = (connection: MysqlConnection, statementTimeoutMs: number): void => {
  const limitMs = statementTimeoutMs * limitMargin;
  const timed = (done: Done): Done => {
    const timer = setTimeout(() => connection.stream.destroy(new StatementTimeout(limitMs)), limitMs);
    return (error, answer) => {
      clearTimeout(timer);
      done(error, answer);
    };
  };
  const query = connection.query.bind(connection);
  const execute = connection.execute.bind(connection);
  Object.assign(connection, {
    query: (options: object, done: Done) => query(options, timed(done)),
    execute: (options: object, values: readonly Parameter[], done: Done) => {
      checkScalars(values);
      return execute(options, values, timed(done));
    },
  });
};

const isScalar = (value: unknown): value is Parameter =>
  value === null ||
  typeof value === "string" ||
  typeof value === "bigint" ||
  (typeof value === "number" && Number.isFinite(value)) ||
  Buffer.isBuffer(value);

/** The types promise it; but a value may have come around them, and what mysql2 makes of an object is SQL. */
const checkScalars = (values: readonly unknown[]): void => {
  const at = values.findIndex((value) => !isScalar(value));
  if (at < 0) return;
  // The value is not repeated: it may be anything.
  throw new Fatal(
    "SQL_PARAMETER",
    `parameter ${at + 1} of a statement is no string, finite number, Buffer or null, but ${typeof values[at]}`,
  );
};

/** Runs a statement that the server prepares, or, without `values`, plain text: START TRANSACTION and its like. */
export const run = (connection: MysqlConnection, sql: string, values?: readonly Parameter[]): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const done: Done = (error, answer) => {
      if (error === null) resolve(answer);
      else reject(error);
    };
    if (values === undefined) connection.query({ sql }, done);
    else connection.execute({ sql }, values, done);
  });

/** A statement got no answer in time and its connection was destroyed. Classified by its code, like the system's own. */
export class StatementTimeout extends Error {
  readonly code = "ETIMEDOUT";
  constructor(limitMs: number) {
    super(`no answer from the database within ${limitMs} ms; the connection was destroyed`);
  }
}
