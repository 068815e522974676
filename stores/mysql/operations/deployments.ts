/** Deployments and the audit log in the database, under a named lock that ends with its connection. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ApplyLock,
  ApplyLockLost,
  type Deployment,
  type Deployments,
  type NewDeployment,
  type NewOperation,
} from "../../../engine/deploy/deployments.ts";
import type { Desired } from "../../../engine/deploy/plan/desired.ts";
import { nowMsSql } from "../clock.ts";
import { columns, idColumn, integerColumn, nullable, type RowOf, textColumn } from "../columns/columns.ts";
import type { Database } from "../database.ts";
import { type Session, withSession } from "../session.ts";
import { found, unlessDisconnected } from "./tables.ts";

/** Named locks belong to the server, so the schema's name is part of this one; at most 64 characters. */
const lockName = "CONCAT('sluice-apply-', LEFT(SHA2(DATABASE(), 256), 32))";
const taken = columns("apply_lock", { taken: nullable(integerColumn()) }, { taken: `GET_LOCK(${lockName}, 0)` });
const owned = columns(
  "apply_lock",
  { owned: nullable(integerColumn()) },
  { owned: `IS_USED_LOCK(${lockName}) = CONNECTION_ID()` },
);
/** Between two tries to take the lock. */
const retryMs = 200;

const deployment = columns("deployment", {
  number: integerColumn(),
  topology: idColumn(),
  graphHash: textColumn(),
  besideHash: nullable(textColumn()),
  clusterId: textColumn(),
  document: textColumn(),
  actor: textColumn(),
  deployedAt: integerColumn(),
});
const latestRows = `SELECT ${deployment.list} FROM deployment WHERE number = (SELECT MAX(number) FROM deployment)`;
const numberedRows = `SELECT ${deployment.list} FROM deployment WHERE number = ?`;

// Read by each worker at its start: without the document. A topology that the last deployment lacks was taken out.
const graphs = columns("deployment", {
  number: integerColumn(),
  graphHash: textColumn(),
  besideHash: nullable(textColumn()),
  groupId: textColumn(),
});
const acceptedRow = `SELECT ${graphs.list} FROM deployment
  WHERE topology = ? AND number = (SELECT MAX(number) FROM deployment)`;

const last = columns("deployment", { number: nullable(integerColumn()) }, { number: "MAX(number)" });
const insertDeployment = `INSERT INTO deployment
    (number, topology, graph_hash, beside_hash, cluster_id, group_id, document, actor, deployed_at)
  SELECT ?, topology.name, topology.hash, topology.beside, ?, topology.group_id, ?, ?, ${nowMsSql}
  FROM JSON_TABLE(?, '$[*]' COLUMNS (
    name VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[0]',
    hash CHAR(64) CHARACTER SET ascii PATH '$[1]',
    beside CHAR(64) CHARACTER SET ascii PATH '$[2]',
    group_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[3]')) AS topology
  WHERE IS_USED_LOCK(${lockName}) = CONNECTION_ID()`;

const operation = columns("operation", {
  number: integerColumn(),
  actor: textColumn(),
  host: textColumn(),
  verb: textColumn(),
  reason: nullable(textColumn()),
  startedAt: integerColumn(),
  endedAt: nullable(integerColumn()),
  result: nullable(textColumn()),
});
const newestOperations = `SELECT ${operation.list} FROM operation ORDER BY number DESC LIMIT ?`;
const insertOperation = `INSERT INTO operation (actor, host, verb, reason, document, started_at)
  SELECT ?, ?, ?, ?, ?, ${nowMsSql} FROM DUAL WHERE IS_USED_LOCK(${lockName}) = CONNECTION_ID()`;
const inserted = columns("operation", { number: integerColumn() }, { number: "LAST_INSERT_ID()" });
const endOperation = `UPDATE operation SET ended_at = ${nowMsSql}, result = ? WHERE number = ? AND ended_at IS NULL`;

/** The {@link Deployments} of a database. Before the tables are there it answers as when nothing was deployed. */
export const deploymentsOf = (database: Database, { databaseUrl }: { readonly databaseUrl: string }): Deployments => ({
  recorded: true,
  latest: () => found(database, ({ select }) => select(deployment, latestRows, []).then(fromRows)),
  numbered: (number) => found(database, ({ select }) => select(deployment, numberedRows, [number]).then(fromRows)),
  accepted: (topology) =>
    found(database, async ({ select }) => {
      const [row] = await select(graphs, acceptedRow, [Buffer.from(topology)]);
      return row && { deployment: row.number, hash: row.graphHash, beside: row.besideHash, group: row.groupId };
    }),
  operations: async (limit) =>
    (await found(database, ({ select }) => select(operation, newestOperations, [limit]))) ?? [],
  // Loaded when they are asked for: a worker asks what is deployed, keeps what it loads for good, and never migrates.
  pendingMigrations: async () => (await import("../migrate.ts")).pendingMigrations(database),
  migrate: async () => (await import("../migrate.ts")).migrate({ databaseUrl }),
  locked: (waitMs, work) => locked(database, waitMs, work),
});

const fromRows = (rows: readonly RowOf<typeof deployment>[]): Deployment | undefined => {
  const [first] = rows;
  if (first === undefined) return undefined;
  const { number, clusterId, document, actor, deployedAt } = first;
  return {
    number,
    clusterId,
    // Only documents of this type are written here.
    document: JSON.parse(document) as Desired,
    besides: Object.fromEntries(rows.map(({ topology, besideHash }) => [topology, besideHash])),
    actor,
    deployedAt,
  };
};

const locked = async <T>(
  database: Database,
  waitMs: number,
  work: (lock: ApplyLock) => Promise<T>,
): Promise<{ readonly value: T } | undefined> => {
  const deadline = performance.now() + waitMs;
  // One connection for as long as the lock is needed: it is the connection's.
  return withSession(database, async (session) => {
    for (;;) {
      const [answer] = await session.select(taken, `SELECT ${taken.list}`, []);
      if (answer?.taken === 1) break;
      if (performance.now() >= deadline) return undefined;
      await sleep(retryMs);
    }
    try {
      return { value: await work(lockOn(session)) };
    } finally {
      // Where the connection is gone, the lock is too.
      await session.change(`DO RELEASE_LOCK(${lockName})`, []).catch(() => {});
    }
  });
};

const lockOn = (session: Session): ApplyLock => ({
  confirm: () =>
    whileConnected(async () => {
      const [answer] = await session.select(owned, `SELECT ${owned.list}`, []);
      if (answer?.owned !== 1) throw new ApplyLockLost();
    }),
  begin: (of: NewOperation) =>
    whileConnected(async () => {
      const text = (value: string, length: number): string => value.slice(0, length);
      const { actor, host, verb, reason, document } = of;
      const added = await session.change(insertOperation, [
        text(actor, 255),
        text(host, 255),
        verb,
        reason === null ? null : text(reason, 1_000),
        JSON.stringify(document),
      ]);
      if (added === 0) throw new ApplyLockLost();
      const [row] = await session.select(inserted, `SELECT ${inserted.list}`, []);
      if (row === undefined) throw new RangeError("an operation was inserted and has no number");
      return row.number;
    }),
  end: (number, result) => whileConnected(() => session.change(endOperation, [result, number]).then(() => {})),
  record: (of: NewDeployment) =>
    whileConnected(async () => {
      const { document, clusterId, besides, actor } = of;
      const rows = Object.entries(document.topologies).map(([name, { hash, group }]) => {
        return [name, hash, besides[name] ?? null, group] as const;
      });
      const [before] = await session.select(last, `SELECT ${last.list} FROM deployment`, []);
      const number = (before?.number ?? 0) + 1;
      const values = [number, clusterId, JSON.stringify(document), actor.slice(0, 255), JSON.stringify(rows)];
      if ((await session.change(insertDeployment, values)) === 0) throw new ApplyLockLost();
      return number;
    }),
});

/** The lock is its connection's: where that is lost, so is the lock. */
const whileConnected = <T>(ask: () => Promise<T>): Promise<T> => unlessDisconnected(ask, () => new ApplyLockLost());
