/** What each process of the bench's platform has used so far, and what the database has committed and flushed. */
import { columns, integerColumn } from "../../stores/mysql/columns/columns.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { withSession } from "../../stores/mysql/session.ts";
import { stackStatus } from "../stack/status.ts";
import { usageOf } from "./usage.ts";

/** So far, since the platform was started. */
export interface Accounts {
  /** CPU in seconds, user and system, by what the process is. */
  readonly cpuSeconds: { readonly database: number; readonly broker: number; readonly redis: number };
  readonly transactions: number;
  /** Of the database's files, its log and its tables alike. */
  readonly flushes: number;
}

/** Names of the stack's services. */
const services = { database: "mariadb", broker: "kafka-1", redis: "redis" } as const;

/** Reads them. @throws Unavailable @throws Error where a service has no process */
export const accountsOf = async (stackName: string, databaseUrl: string): Promise<Accounts> => {
  const { services: running } = await stackStatus({ name: stackName });
  const cpuOf = async (name: string): Promise<number> => {
    const pid = running.find((service) => service.name === name)?.pid;
    if (pid === undefined) throw new Error(`stack ${stackName} has no process of ${name}: was it ended meanwhile?`);
    return (await usageOf(pid)).cpuSeconds;
  };
  const [database, broker, redis, counts] = await Promise.all([
    cpuOf(services.database),
    cpuOf(services.broker),
    cpuOf(services.redis),
    countsOf(databaseUrl),
  ]);
  return { cpuSeconds: { database, broker, redis }, ...counts };
};

const status = (name: string): string =>
  `(SELECT CAST(variable_value AS UNSIGNED) FROM information_schema.global_status WHERE variable_name = '${name}')`;

const statusColumns = columns(
  "status",
  { transactions: integerColumn(), flushes: integerColumn() },
  { transactions: status("COM_COMMIT"), flushes: status("INNODB_DATA_FSYNCS") },
);

const countsOf = async (databaseUrl: string): Promise<Pick<Accounts, "transactions" | "flushes">> => {
  const database = openDatabase({ databaseUrl, poolMax: 1, poolKeptIdle: 0 });
  try {
    const [found] = await withSession(database, (session) =>
      session.select(statusColumns, `SELECT ${statusColumns.list}`, []),
    );
    if (found === undefined) throw new Error("the database told nothing of its transactions and flushes");
    return found;
  } finally {
    await database.close();
  }
};
