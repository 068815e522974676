/** Fail points at statements: below every store, where a connection is handed a statement and where it is answered. */
import { asMysqlConnection } from "../../stores/mysql/connection.ts";
import type { Database } from "../../stores/mysql/database.ts";
import type { Trap } from "./trap.ts";

/** What a callback of mysql2 is, and what a statement is given to it as. */
type Done = (error: Error | null, answer: unknown) => void;
type Statement = { readonly sql: string };

/** Names the statements of one connection in the order in which they come; undefined for those without a point. */
export type StatementNames = (sql: string) => string | undefined;

/**
 * A database with points around every named statement: `-before` it is sent, `-sent` when it is and its answer has not been
 * read, `-rows` when it answered some, `-after` when it was answered without an error. `namesFor` is called per connection.
 */
export const trappedStatements = (database: Database, trap: Trap, namesFor: () => StatementNames): Database => {
  database.sequelize.addHook("afterConnect", (opened) => {
    const connection = asMysqlConnection(opened);
    const query = connection.query.bind(connection);
    const execute = connection.execute.bind(connection);
    const nameOf = namesFor();
    const around = (sql: string, done: Done, send: (done: Done) => unknown): unknown => {
      const name = nameOf(sql);
      if (name === undefined) return send(done);
      trap(`${name}-before`);
      const sent = send((error, answer) => {
        if (Array.isArray(answer) && answer.length > 0) trap(`${name}-rows`);
        if (error === null) trap(`${name}-after`);
        done(error, answer);
      });
      // mysql2 has written to the socket, and the kernel has it: the server will read it, whatever becomes of us.
      trap(`${name}-sent`);
      return sent;
    };
    Object.assign(connection, {
      query: (options: Statement, done: Done) => around(options.sql, done, (own) => query(options, own)),
      execute: (options: Statement, values: Parameters<typeof execute>[1], done: Done) =>
        around(options.sql, done, (own) => execute(options, values, own)),
    });
  });
  return database;
};
