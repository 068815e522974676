/** Replays and discarded letters in the database, under a named lock for each topology that ends with its connection. */
import { setTimeout as sleep } from "node:timers/promises";
import type { NewOperation } from "../../../engine/deploy/deployments.ts";
import type { JobDocument, JobState, ReplayJob } from "../../../engine/dlq/jobs/job.ts";
import { type ReplayLock, ReplayLockLost, type Replays } from "../../../engine/dlq/jobs/replays.ts";
import type { Origin } from "../../../engine/worker/round/letter-headers.ts";
import { nowMsSql } from "../clock.ts";
import { columns, idColumn, integerColumn, nullable, type RowOf, textColumn } from "../columns/columns.ts";
import type { Parameter } from "../connection.ts";
import type { Database } from "../database.ts";
import { type Session, withSession } from "../session.ts";
import { found, unlessDisconnected } from "./tables.ts";

/** Named locks belong to the server, so the schema's name is part of this one; at most 64 characters. Takes the topology. */
const lockName = "CONCAT('sluice-dlq-', LEFT(SHA2(CONCAT(DATABASE(), '/', ?), 256), 32))";
const isOurs = `IS_USED_LOCK(${lockName}) = CONNECTION_ID()`;
const taken = columns("dlq_lock", { taken: nullable(integerColumn()) }, { taken: `GET_LOCK(${lockName}, 0)` });
const free = columns("dlq_lock", { free: nullable(integerColumn()) }, { free: `IS_FREE_LOCK(${lockName})` });
const owned = columns("dlq_lock", { owned: nullable(integerColumn()) }, { owned: isOurs });
/** Between two tries to take the lock. */
const retryMs = 200;
/** Letters of one statement. */
const lettersAtOnce = 1_000;

const job = columns(
  "replay_job",
  {
    id: textColumn(),
    topology: idColumn(),
    document: textColumn(),
    state: textColumn(),
    runnerEpoch: integerColumn(),
    operation: integerColumn(),
    actor: textColumn(),
    reason: nullable(textColumn()),
    startedAt: integerColumn(),
  },
  {
    operation: "operation.number",
    actor: "operation.actor",
    reason: "operation.reason",
    startedAt: "operation.started_at",
  },
);
const jobRows = `SELECT ${job.list} FROM replay_job JOIN operation ON operation.number = replay_job.operation_number`;
const jobsOf = `${jobRows} WHERE replay_job.topology = ? ORDER BY operation.number DESC LIMIT ?`;
// Not LIKE: what is typed may have its wildcards.
const jobNamed = `${jobRows} WHERE LEFT(replay_job.id, CHAR_LENGTH(?)) = ? LIMIT 2`;
const proven = columns("replay_job", { state: textColumn(), runnerEpoch: integerColumn() });
const provenRow = `SELECT ${proven.list} FROM replay_job WHERE id = ? AND ${isOurs}`;
const insertJob = `INSERT INTO replay_job (id, topology, document, state, runner_epoch, operation_number)
  SELECT ?, ?, ?, 'running', 1, ? FROM DUAL WHERE ${isOurs}`;
const interruptOthers = `UPDATE replay_job SET state = 'interrupted', runner_epoch = runner_epoch + 1
  WHERE topology = ? AND state = 'running' AND ${isOurs}`;
const takeJob = `UPDATE replay_job SET state = 'running', runner_epoch = runner_epoch + 1 WHERE id = ? AND ${isOurs}`;
const settleJob = "UPDATE replay_job SET state = ? WHERE id = ? AND runner_epoch = ? AND state = 'running'";
const askJob = "UPDATE replay_job SET state = ? WHERE id = ? AND state NOT IN ('cancelled', 'finished')";

const insertOperation = `INSERT INTO operation (actor, host, verb, reason, document, started_at)
  SELECT ?, ?, ?, ?, ?, ${nowMsSql} FROM DUAL WHERE ${isOurs}`;
/** Of an operation that is over at once, and needs no lock. */
const insertDone = `INSERT INTO operation (actor, host, verb, reason, document, started_at, ended_at, result)
  VALUES (?, ?, ?, ?, ?, ${nowMsSql}, ${nowMsSql}, ?)`;
const inserted = columns("operation", { number: integerColumn() }, { number: "LAST_INSERT_ID()" });
const endOperation = `UPDATE operation SET ended_at = ${nowMsSql}, result = ? WHERE number = ? AND ended_at IS NULL`;

const discarded = columns(
  "dlq_discard",
  { topic: idColumn(), partitionNo: integerColumn(), offsetText: textColumn(), recordAt: integerColumn() },
  // Offsets go up to 2^63, numbers to 2^53.
  { offsetText: "CAST(record_offset AS CHAR)" },
);
const discardedRows = `SELECT ${discarded.list} FROM dlq_discard WHERE topology = ?`;
const letters = `JSON_TABLE(?, '$[*]' COLUMNS (
    topic VARCHAR(249) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[0]',
    partition_no INT UNSIGNED PATH '$[1]',
    record_offset BIGINT UNSIGNED PATH '$[2]',
    record_at BIGINT PATH '$[3]')) AS letter`;
const insertDiscards = `INSERT INTO dlq_discard (topology, topic, partition_no, record_offset, record_at, operation_number)
  SELECT ?, letter.topic, letter.partition_no, letter.record_offset, letter.record_at, ? FROM ${letters} WHERE ${isOurs}
  ON DUPLICATE KEY UPDATE topic = dlq_discard.topic`;
const deleteDiscards = `DELETE dlq_discard FROM dlq_discard JOIN ${letters}
    ON dlq_discard.topic = CAST(letter.topic AS BINARY) AND dlq_discard.partition_no = letter.partition_no
    AND dlq_discard.record_offset = letter.record_offset AND dlq_discard.record_at = letter.record_at
  WHERE dlq_discard.topology = ? AND ${isOurs}`;

/** The {@link Replays} of a database. Before the tables are there it answers as when nothing was replayed. */
export const replaysOf = (database: Database): Replays => ({
  discards: async (topology) => {
    const rows = await found(database, ({ select }) => select(discarded, discardedRows, [Buffer.from(topology)]));
    return (rows ?? []).map(({ topic, partitionNo, offsetText, recordAt }) => {
      return { topic, partition: partitionNo, offset: BigInt(offsetText), timestampMs: recordAt };
    });
  },
  jobs: async (topology, limit) => {
    const rows = await found(database, ({ select }) => select(job, jobsOf, [Buffer.from(topology), limit]));
    return (rows ?? []).map(jobFrom);
  },
  job: async (id) => {
    if (id === "") return undefined;
    const rows = (await found(database, ({ select }) => select(job, jobNamed, [id, id]))) ?? [];
    const [only, another] = rows;
    return only === undefined || another !== undefined ? undefined : jobFrom(only);
  },
  isLocked: async (topology) => {
    const [row] = await withSession(database, ({ select }) => select(free, `SELECT ${free.list}`, [topology]));
    return row?.free === 0;
  },
  // The job first: where the operation is lost with the connection, asking again says that nothing is left to do.
  ask: (id, state, operation) =>
    withSession(database, async (session) => {
      const changed = await session.change(askJob, [state, id]);
      if (changed > 0) await session.change(insertDone, [...operationValues(operation), state]);
      return changed > 0;
    }),
  locked: (topology, waitMs, work) => locked(database, { topology, waitMs }, work),
});

// Only documents and states of these types are written here.
const jobFrom = (row: RowOf<typeof job>): ReplayJob => ({
  ...row,
  document: JSON.parse(row.document) as JobDocument,
  state: row.state as JobState,
});

const locked = async <T>(
  database: Database,
  { topology, waitMs }: { readonly topology: string; readonly waitMs: number },
  work: (lock: ReplayLock) => Promise<T>,
): Promise<{ readonly value: T } | undefined> => {
  const deadline = performance.now() + waitMs;
  // One connection for as long as the lock is needed: it is the connection's.
  return withSession(database, async (session) => {
    for (;;) {
      const [answer] = await session.select(taken, `SELECT ${taken.list}`, [topology]);
      if (answer?.taken === 1) break;
      if (performance.now() >= deadline) return undefined;
      await sleep(retryMs);
    }
    try {
      return { value: await work(lockOn(session, topology)) };
    } finally {
      // Where the connection is gone, the lock is too.
      await session.change(`DO RELEASE_LOCK(${lockName})`, [topology]).catch(() => {});
    }
  });
};

const lockOn = (session: Session, topology: string): ReplayLock => {
  const topologyBytes = Buffer.from(topology);
  const confirm = async (): Promise<void> => {
    const [answer] = await session.select(owned, `SELECT ${owned.list}`, [topology]);
    if (answer?.owned !== 1) throw lockLost();
  };
  return {
    begin: (operation) =>
      whileConnected(async () => {
        const added = await session.change(insertOperation, [...operationValues(operation), topology]);
        if (added === 0) throw lockLost();
        const [row] = await session.select(inserted, `SELECT ${inserted.list}`, []);
        if (row === undefined) throw new RangeError("an operation was inserted and has no number");
        return row.number;
      }),
    end: (number, result) => whileConnected(() => session.change(endOperation, [result, number]).then(() => {})),
    create: ({ id, document, operation }) =>
      whileConnected(async () => {
        await session.change(interruptOthers, [topologyBytes, topology]);
        const values = [id, topologyBytes, JSON.stringify(document), operation, topology];
        if ((await session.change(insertJob, values)) === 0) throw lockLost();
      }),
    takeOver: (id) =>
      whileConnected(async () => {
        if ((await session.change(takeJob, [id, topology])) === 0) throw lockLost();
        const [row] = await session.select(proven, provenRow, [id, topology]);
        if (row === undefined) throw lockLost();
        return row.runnerEpoch;
      }),
    prove: (id, epoch) =>
      whileConnected(async () => {
        const [row] = await session.select(proven, provenRow, [id, topology]);
        if (row === undefined) throw lockLost();
        if (row.runnerEpoch !== epoch) throw new ReplayLockLost(`job ${id} has another runner now`);
        return row.state as JobState; // Only states are written here.
      }),
    settle: (id, epoch, state) => whileConnected(() => session.change(settleJob, [state, id, epoch]).then(() => {})),
    discard: (origins, operation) =>
      whileConnected(async () => {
        await confirm();
        let added = 0;
        for (const part of partsOf(origins))
          added += await session.change(insertDiscards, [topologyBytes, operation, part, topology]);
        return added;
      }),
    restore: (origins) =>
      whileConnected(async () => {
        await confirm();
        let removed = 0;
        for (const part of partsOf(origins))
          removed += await session.change(deleteDiscards, [part, topologyBytes, topology]);
        return removed;
      }),
  };
};

const operationValues = ({ actor, host, verb, reason, document }: NewOperation): readonly Parameter[] => [
  actor.slice(0, 255),
  host.slice(0, 255),
  verb,
  reason?.slice(0, 1_000) ?? null,
  JSON.stringify(document),
];

/** Letters as JSON for some statements of bounded size. */
const partsOf = (origins: readonly Origin[]): readonly string[] =>
  Array.from({ length: Math.ceil(origins.length / lettersAtOnce) }, (_, n) =>
    JSON.stringify(
      origins.slice(n * lettersAtOnce, (n + 1) * lettersAtOnce).map(({ topic, partition, offset, timestampMs }) => {
        return [topic, partition, String(offset), timestampMs];
      }),
    ),
  );

const lockLost = (): ReplayLockLost => new ReplayLockLost("its lock in the database is gone");
const whileConnected = <T>(ask: () => Promise<T>): Promise<T> => unlessDisconnected(ask, lockLost);
