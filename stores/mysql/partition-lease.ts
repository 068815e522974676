/** The lease of a partition: raised by the worker that takes it over, and checked in every transaction that writes for it. */
import { Fenced } from "../../engine/errors.ts";
import type { Fence, LeasedPartition, Leases } from "../../engine/lease.ts";
import { nowMsSql } from "./clock.ts";
import { columns, integerColumn } from "./columns/columns.ts";
import type { Database } from "./database.ts";
import { inTransaction, type Session } from "./session.ts";

const raise = `INSERT INTO partition_lease (topology, topic, partition_no, epoch, holder, taken_at)
  VALUES (?, ?, ?, ? + 1, ?, ${nowMsSql})
  ON DUPLICATE KEY UPDATE epoch = GREATEST(epoch + 1, VALUES(epoch)), holder = VALUES(holder), taken_at = VALUES(taken_at)`;

const lease = columns("partition_lease", { epoch: integerColumn() });
const read = `SELECT ${lease.list} FROM partition_lease WHERE topology = ? AND topic = ? AND partition_no = ?`;

// Rounds of one holder share the lock; a worker that raises the epoch waits for them, and those after it see it raised.
const check = `${read} LOCK IN SHARE MODE`;

/** At most this much of a holder's name is kept. */
const holderMaxLength = 255;

/**
 * The {@link Leases} of a database. Raising waits for the transactions that write under the old epoch, up to the lock
 * timeout.
 */
export const partitionLeases = (database: Database): Leases => ({
  take: (partition, holder, above = 0) =>
    inTransaction(database, async (session) => {
      await session.change(raise, [...keyOf(partition), above, holder.slice(0, holderMaxLength)]);
      const { topology, topic, partition: number } = partition;
      return { topology, topic, partition: number, epoch: (await epochOf(session, read, partition)) ?? 0 };
    }),
});

/**
 * As `inTransaction`, and nothing of it happens unless `fence` is the lease's latest: looked up first, under a lock that
 * a take-over waits for. After a restart it is looked up again, because the restart gave the lock up.
 * @throws Fenced, nothing written.
 */
export const inFencedTransaction = <T>(
  database: Database,
  fence: Fence,
  work: (session: Session) => Promise<T>,
): Promise<T> =>
  inTransaction(database, async (session) => {
    await refuseStale(session, fence);
    const restart = async (): Promise<void> => {
      await session.restart();
      await refuseStale(session, fence);
    };
    return work({ ...session, restart });
  });

const refuseStale = async (session: Session, fence: Fence): Promise<void> => {
  const found = await epochOf(session, check, fence);
  if (found !== fence.epoch) throw new Fenced(fence, found);
};

const epochOf = async (session: Session, sql: string, of: LeasedPartition): Promise<number | undefined> =>
  (await session.select(lease, sql, keyOf(of)))[0]?.epoch;

const keyOf = ({ topology, topic, partition }: LeasedPartition) => [topology, topic, partition] as const;
