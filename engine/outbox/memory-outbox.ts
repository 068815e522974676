/** An outbox in memory, for tests and for systems in one process: passes the same contract suite as an adapter of a database. */
import type { LedOutbox, Outbox, OutboxRow } from "./outbox.ts";

/** A table in memory that an outbox is read from: rows by number, in ascending order. */
export interface MemoryOutboxTable<Row extends { publishedAt: number | null }, Value> {
  readonly rows: Map<number, Row>;
  /** A row as it is published, and when it was written, epoch ms. */
  readonly read: (row: Row) => Omit<OutboxRow<Value>, "number"> & { readonly writtenAt: number };
  /** The database's clock, epoch ms. */
  readonly now: () => number;
  /** Whether some leader has the outbox. */
  readonly lock: { led: boolean };
  /** Numbers of rows whose value is gone; none by default. */
  readonly orphans?: ReadonlySet<number>;
}

/** The outbox of a table in memory. `lead` does not wait for another leader. */
export const outboxOnTable = <Row extends { publishedAt: number | null }, Value>(
  table: MemoryOutboxTable<Row, Value>,
): Outbox<Value> => {
  const led = ledTable(table);
  return {
    lead: async (_waitMs, work) => {
      if (table.lock.led) return undefined;
      table.lock.led = true;
      try {
        return await work(led);
      } finally {
        table.lock.led = false;
      }
    },
    lag: async () => {
      const isOrphan = ([number]: readonly [number, Row]): boolean => table.orphans?.has(number) === true;
      const unpublished = [...table.rows].filter(([, { publishedAt }]) => publishedAt === null);
      const [first] = unpublished.filter((row) => !isOrphan(row));
      const oldestMs = first === undefined ? 0 : table.now() - table.read(first[1]).writtenAt;
      const orphans = unpublished.filter(isOrphan).map(([number, row]) => ({ number, id: table.read(row).id }));
      return { rows: unpublished.length - orphans.length, oldestMs, orphans };
    },
  };
};

const ledTable = <Row extends { publishedAt: number | null }, Value>({
  rows,
  read,
  now,
  orphans,
}: MemoryOutboxTable<Row, Value>): LedOutbox<Value> => ({
  unpublished: async (maxRows) =>
    [...rows]
      .filter(([number]) => orphans?.has(number) !== true)
      .flatMap(([number, row]): OutboxRow<Value>[] => {
        const { id, value, traceparent } = read(row);
        return row.publishedAt === null ? [{ number, id, value, traceparent }] : [];
      })
      .slice(0, maxRows),
  markPublished: async (marked) => {
    const unmarked = marked.flatMap(({ number, id }) => {
      const row = rows.get(number);
      return row !== undefined && row.publishedAt === null && read(row).id === id ? [row] : [];
    });
    for (const row of unmarked) row.publishedAt = now();
    return unmarked.length;
  },
  prune: async (olderThanMs, maxRows) => {
    const old = [...rows]
      .filter(([, { publishedAt }]) => publishedAt !== null && publishedAt < now() - olderThanMs)
      .slice(0, maxRows);
    for (const [number] of old) rows.delete(number);
    return old.length;
  },
  stillLeading: async () => {},
});

/** A row of {@link memoryOutbox}. */
export interface MemoryOutboxRow<Value> {
  readonly value: Value;
  readonly writtenAt: number;
  /** See {@link OutboxRow}. */
  readonly traceparent?: string | undefined;
  /** Epoch ms, or null. */
  publishedAt: number | null;
}

/** An outbox in memory with its table. */
export interface MemoryOutbox<Value> {
  readonly outbox: Outbox<Value>;
  readonly rows: Map<number, MemoryOutboxRow<Value>>;
  readonly lock: { led: boolean };
  /** Numbers of rows whose value is gone. */
  readonly orphans: Set<number>;
  /** The database's clock, epoch ms. */
  now: number;
  /** Writes values, as a committed transaction would. */
  readonly add: (...values: readonly Value[]) => void;
}

/** An empty outbox of values that `idOf` names. The clock begins in 2026. */
export const memoryOutbox = <Value>(idOf: (value: Value) => string): MemoryOutbox<Value> => {
  const rows = new Map<number, MemoryOutboxRow<Value>>();
  const lock = { led: false };
  const orphans = new Set<number>();
  let lastNumber = 0;
  const memory: MemoryOutbox<Value> = {
    rows,
    lock,
    orphans,
    now: 1_780_000_000_000,
    add: (...values) => {
      for (const value of values) {
        lastNumber += 1;
        rows.set(lastNumber, { value, writtenAt: memory.now, publishedAt: null });
      }
    },
    outbox: outboxOnTable<MemoryOutboxRow<Value>, Value>({
      ...{ rows, lock, orphans, now: () => memory.now },
      read: ({ value, ...row }) => ({ ...row, id: idOf(value), value }),
    }),
  };
  return memory;
};
