/** The way into the database: one Sequelize pool, whose connections also serve the hand-written SQL of the hot path. */
import mysql from "mysql2";
import { type Options, Sequelize } from "sequelize";
import { type TlsContext, tlsReader } from "../../engine/connect/tls.ts";
import { type DatabaseAddress, readDatabaseAddress } from "./address.ts";
import { asMysqlConnection, boundStatements } from "./connection.ts";
import { settle } from "./session-settings.ts";

/** Where the database is and what it may cost. */
export interface DatabaseConfig {
  /**
   * `mysql://user:password@host:3306/schema?ssl-mode=VERIFY_IDENTITY&ssl-ca=/path`, see address.ts. The user needs rights on
   * that schema only. Without `ssl-mode` the connection is plain text: loopback.
   */
  readonly databaseUrl: string;
  /** Connections at most; 1 to 1,000, default 50. All processes together stay under the server's max_connections. */
  readonly poolMax?: number;
  /** Idle connections that are kept; default 10, never more than `poolMax`. */
  readonly poolKeptIdle?: number;
  /** How long to wait for a connection; default 30,000. */
  readonly acquireTimeoutMs?: number;
  /** How long one connection may take to open; default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Age at which a connection is replaced when it is next asked for; default 60,000. */
  readonly connectionMaxAgeMs?: number;
  /** How long one statement may take; 1,000 to 3,600,000, default 10,000. See connection.ts. */
  readonly statementTimeoutMs?: number;
  /** How long one statement may wait for a row lock, in whole seconds; default 3. */
  readonly lockWaitTimeoutSeconds?: number;
  /**
   * How long a transaction may be idle between two statements, in whole seconds; default 10. A process that is frozen
   * in one would keep its locks, and keep out the worker that takes its partitions over. MariaDB only: MySQL has no such limit.
   */
  readonly idleTransactionTimeoutSeconds?: number;
}

/** A pool and its limits. Made once a process. */
export interface Database {
  readonly sequelize: Sequelize;
  /** Ends the pool when what runs has ended. Idempotent. */
  readonly close: () => Promise<void>;
}

/**
 * Prepares a pool; opens nothing yet, so it works while the database is away.
 * @throws AddressMistake @throws Fatal (TLS_FILE) where a certificate's file cannot be read.
 */
export const openDatabase = (config: DatabaseConfig): Database => {
  const statementTimeoutMs = config.statementTimeoutMs ?? 10_000;
  const bornAtMs = new WeakMap<object, number>();
  const { host, port, user, password, schema, tls } = readDatabaseAddress(config.databaseUrl);
  const options: Options & UntypedOptions = {
    host,
    port,
    username: user,
    password,
    database: schema,
    dialect: "mysql",
    dialectModule: mysql,
    // Saves the connection it would open to ask; it only warns below a lower bound.
    databaseVersion: "8.0.0",
    // Otherwise its SET time_zone would run before the connection has limits; ours sets it.
    keepDefaultTimezone: true,
    logging: false,
    pool: poolOptions(config, (connection) => isUsable(connection, bornAtMs, config.connectionMaxAgeMs ?? 60_000)),
    dialectOptions: dialectOptions(config),
  };
  const sequelize = new Sequelize(options);
  if (tls !== undefined) {
    const read = tlsReader(tls.files);
    read();
    sequelize.addHook("beforeConnect", (connection) => {
      const { dialectOptions } = connection as { dialectOptions?: object };
      Object.assign(connection, { dialectOptions: { ...dialectOptions, ssl: sslOptions(tls.mode, read()) } });
    });
  }
  sequelize.addHook("afterConnect", async (connection) => {
    const opened = asMysqlConnection(connection);
    bornAtMs.set(opened, performance.now());
    boundStatements(opened, statementTimeoutMs);
    try {
      await settle(opened, {
        statementTimeoutMs,
        lockWaitTimeoutSeconds: config.lockWaitTimeoutSeconds ?? 3,
        idleTransactionTimeoutSeconds: config.idleTransactionTimeoutSeconds ?? 10,
      });
    } catch (error) {
      // No other code has this connection yet.
      opened.stream.destroy();
      throw error;
    }
  });
  let closing: Promise<void> | undefined;
  return {
    sequelize,
    close: () => {
      closing ??= sequelize.close();
      return closing;
    },
  };
};

/** Options that Sequelize 6 has and its types lack. */
interface UntypedOptions {
  readonly databaseVersion: string;
  readonly keepDefaultTimezone: boolean;
}

/** What mysql2 takes; it checks names only where it is told to. */
const sslOptions = (mode: NonNullable<DatabaseAddress["tls"]>["mode"], context: TlsContext) => ({
  ...context,
  minVersion: "TLSv1.2" as const,
  rejectUnauthorized: mode !== "REQUIRED",
  verifyIdentity: mode === "VERIFY_IDENTITY",
});

const poolOptions = (config: DatabaseConfig, validate: (connection: unknown) => boolean) => {
  const max = config.poolMax ?? 50;
  return {
    max,
    min: Math.min(config.poolKeptIdle ?? 10, max),
    acquire: config.acquireTimeoutMs ?? 30_000,
    idle: 10_000,
    validate,
  };
};

/** What Sequelize's own check asks, and the age. A connection found unusable is closed and another one opened. */
const isUsable = (connection: unknown, bornAtMs: WeakMap<object, number>, maxAgeMs: number): boolean => {
  const mine = asMysqlConnection(connection);
  const bornAt = bornAtMs.get(mine) ?? 0;
  const alive = !mine.stream.destroyed && !mine._closing && mine._fatalError === null && mine._protocolError === null;
  return alive && performance.now() - bornAt < maxAgeMs;
};

const dialectOptions = ({ connectTimeoutMs }: DatabaseConfig) => ({
  // FOUND_ROWS off: an insert's affected rows are then the rows inserted, and an update's those changed.
  // LOCAL_FILES off: no server, however wrong, can ask for a file of this machine.
  flags: "-FOUND_ROWS,-LOCAL_FILES",
  multipleStatements: false,
  // mysql2's own, not a call for each field of each row to parsers for types that no column here has.
  typeCast: true,
  stringifyObjects: true,
  connectTimeout: connectTimeoutMs ?? 10_000,
  keepAliveInitialDelay: 10_000,
});
