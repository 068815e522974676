/** The outbox of one process: read and marked through the connection that holds the lock, or holds it no more. */
import { Unavailable } from "../../../../engine/errors.ts";
import type { LedOutbox, Outbox, OutboxRow } from "../../../../engine/outbox/outbox.ts";
import type { Payment } from "../../../../processors/payments/payment-ports.ts";
import { memoryOutbox } from "../../../../processors/memory/memory-payments.ts";
import type { Process } from "../../environment/process.ts";
import { connect, type Connection, type DatabaseWorld } from "./connection.ts";
import { orderName } from "../names.ts";

/** Called with what a connection does to the outbox, before it does. */
export interface OutboxWatcher {
  /** `leads`: whether it holds the lock then. */
  readonly marking: (who: string, rows: readonly OutboxRow<Payment>[], leads: boolean) => void;
  readonly pruned: (outboxNos: readonly number[]) => void;
  readonly led: (who: string) => void;
}

/** What an outbox is reached through. */
export interface OutboxWorld extends DatabaseWorld {
  readonly outboxWatcher: OutboxWatcher;
}

/** A leader that is silent for longer than this is taken for dead, ms; it shows itself four times as often. */
export const leaderSilentMs = 600;

/** The outbox. */
export const outboxOf = (process: Process, world: OutboxWorld): Outbox<Payment> => {
  const { database, outboxWatcher } = world;
  return {
    lead: async (waitMs, work) => {
      const connection = connect(process, world);
      const { session, say } = connection;
      session.silenceMs = leaderSilentMs;
      const taken = await say({
        ...{ kind: "effect", about: [], aside: true },
        what: () => "take the lead",
        effect: async () => {
          const isTaken = await database.lead(session, waitMs);
          if (isTaken) outboxWatcher.led(process.name);
          return isTaken;
        },
        inWords: (isTaken) => (isTaken ? "leads" : "another leads"),
      });
      if (!taken) {
        connection.close();
        return undefined;
      }
      try {
        return await work(await ledBy(process, connection, world));
      } finally {
        // The connection stays with the pool: what is said through it later is said without the lock.
        await say({
          ...{ kind: "effect", about: [] },
          what: () => "give up the lead",
          effect: () => database.stepDown(session),
        }).catch(() => undefined);
      }
    },
    lag: () => {
      const connection = connect(process, world);
      return connection
        .say({
          ...{ kind: "read", about: [], aside: true },
          what: () => "measure the lag",
          effect: () => memoryOutbox(database.state).lag(),
        })
        .finally(connection.close);
    },
  };
};

const ledBy = async (
  process: Process,
  { session, say }: Connection,
  { database, outboxWatcher, time }: OutboxWorld,
): Promise<LedOutbox<Payment>> => {
  const led = await ledOf(database.state);
  const now = (): void => {
    database.state.now = time.now();
  };
  return {
    unpublished: (maxRows) =>
      say({
        ...{ kind: "read", about: [], aside: true },
        what: () => `read ${maxRows} rows`,
        effect: () => led.unpublished(maxRows),
        inWords: listed,
      }),
    markPublished: (rows) =>
      say({
        ...{ kind: "effect", about: ordersOf(rows) },
        what: () => `mark ${listed(rows)}`,
        effect: () => {
          now();
          outboxWatcher.marking(process.name, rows, database.leads(session));
          return led.markPublished(rows);
        },
      }),
    prune: (olderThanMs, maxRows) =>
      say({
        ...{ kind: "effect", about: [] },
        what: () => "prune",
        effect: async () => {
          now();
          const before = [...database.state.outbox.keys()];
          const pruned = await led.prune(olderThanMs, maxRows);
          outboxWatcher.pruned(before.filter((outboxNo) => !database.state.outbox.has(outboxNo)));
          return pruned;
        },
      }),
    stillLeading: () =>
      say({
        ...{ kind: "read", about: [] },
        what: () => "still lead",
        effect: async () => {
          if (!database.leads(session)) throw new Unavailable("database", "the outbox is led by another connection");
          await led.stillLeading();
        },
      }),
  };
};

/** What the fake gives its leaders; who leads is decided here. */
const ledOf = async (state: OutboxWorld["database"]["state"]): Promise<LedOutbox<Payment>> => {
  const led = await memoryOutbox(state).lead(0, async (own) => own);
  if (led === undefined) throw new Error("the fake was led by another");
  return led;
};

const ordersOf = (rows: readonly OutboxRow<Payment>[]): readonly string[] =>
  rows.map(({ value }) => orderName(value.orderId));

const listed = (rows: readonly OutboxRow<Payment>[]): string =>
  rows.length === 0 ? "nothing" : rows.map(({ number, value }) => `${number}=${orderName(value.orderId)}`).join(" ");
