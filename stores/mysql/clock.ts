/** The database's time: its processes need not agree on what time it is. */
import { columns, integerColumn } from "./columns/columns.ts";
import type { Session } from "./session.ts";

/** SQL for now, epoch ms. Signed, so that a difference may be below 0. */
export const nowMsSql = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";

const clock = columns("clock", { now: integerColumn() }, { now: nowMsSql });

/** The database's time, epoch ms. @throws as {@link Session.select} does */
export const readClock = async (session: Session): Promise<number> => {
  const [row] = await session.select(clock, `SELECT ${clock.list}`, []);
  if (row === undefined) throw new RangeError("the database has no time");
  return row.now;
};
