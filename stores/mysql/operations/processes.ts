/** The list of processes in the database. Times are its own: those of several machines may differ. */
import { mostListed, processKeptMs, type Processes } from "../../../engine/deploy/processes.ts";
import { nowMsSql } from "../clock.ts";
import { columns, integerColumn, nullable, textColumn } from "../columns/columns.ts";
import type { Database } from "../database.ts";
import { withSession } from "../session.ts";
import { found } from "./tables.ts";

// Of a machine whose name or address is too long, what fits.
const insert = `INSERT INTO running_process
    (id, kind, subject, hash, version, host, pid, health_url, started_at, beat_at)
  VALUES (?, LEFT(?, 64), LEFT(?, 255), ?, LEFT(?, 64), LEFT(?, 255), ?, LEFT(?, 255), ${nowMsSql}, ${nowMsSql})
  ON DUPLICATE KEY UPDATE beat_at = VALUES(beat_at)`;
/** Rows of one beat: there are a few processes, and each beats. */
const prunedAtOnce = 20;
const prune = `DELETE FROM running_process WHERE beat_at < ${nowMsSql} - ${processKeptMs} ORDER BY beat_at LIMIT ${prunedAtOnce}`;
const leave = "DELETE FROM running_process WHERE id = ?";

const row = columns(
  "running_process",
  {
    id: textColumn(),
    kind: textColumn(),
    subject: nullable(textColumn()),
    hash: nullable(textColumn()),
    version: textColumn(),
    host: textColumn(),
    pid: integerColumn(),
    healthUrl: textColumn(),
    startedAt: integerColumn(),
    silentMs: integerColumn(),
  },
  // A clock that was set back makes nobody younger than now.
  { silentMs: `GREATEST(0, ${nowMsSql} - CAST(beat_at AS SIGNED))` },
);
const newest = `SELECT ${row.list} FROM running_process ORDER BY beat_at DESC LIMIT ${mostListed}`;

/** The {@link Processes} of a database. */
export const processesOf = (database: Database): Processes => ({
  beat: ({ id, kind, subject, hash, version, host, pid, healthUrl }) =>
    withSession(database, async ({ change }) => {
      await change(insert, [id, kind, subject, hash, version, host, pid, healthUrl]);
      await change(prune, []);
    }),
  leave: (id) => withSession(database, ({ change }) => change(leave, [id]).then(() => {})),
  list: async () => (await found(database, ({ select }) => select(row, newest, []))) ?? [],
});
