/**
 * A database server in memory: connections that end, transactions that lock, decide and take their outbox numbers before
 * they commit, and the one named lock of the outbox. What it decides and keeps is the fake that passes the contract suites.
 */
import { keyName } from "../../../../processors/payments/decide-payments.ts";
import { Retriable, Unavailable } from "../../../../engine/errors.ts";
import type { PaymentAnswer, PaymentAsk } from "../../../../processors/payments/payment-ports.ts";
import type { UserId, Won } from "../../../../schemas/coupon.ts";
import { type MemoryPayments, memoryPayments } from "../../../../processors/memory/memory-payments.ts";
import { rulePaymentBook } from "../../../../processors/memory/rule-payment-book.ts";
import type { Process } from "../../environment/process.ts";
import type { Time } from "../../environment/time.ts";
import type { Trace } from "../../trace.ts";
import { createLocks } from "./locks.ts";
import type { Shop } from "../workload.ts";

/** A connection, as the server knows it. */
export interface Session {
  readonly process: Process | undefined;
  open: boolean;
  /** When it was last asked for something. */
  heardAt: number;
  /** It is ended after so long without a call while it leads; ms. */
  silenceMs: number | undefined;
  work: Work | undefined;
}

/** A transaction that is not committed yet: the rows before it, and as it leaves them. */
interface Work {
  readonly base: MemoryPayments;
  readonly mine: MemoryPayments;
}

/** Called with what transactions come to. */
export interface DatabaseWatcher {
  /** A transaction has decided, against what it had locked. */
  readonly decided: (asks: readonly PaymentAsk[], before: MemoryPayments, answers: readonly PaymentAnswer[]) => void;
  /** One has committed; `outboxNos` are its rows. */
  readonly committed: (outboxNos: readonly number[]) => void;
}

/** The server. */
export interface Database {
  /** What is committed. */
  readonly state: MemoryPayments;
  readonly connect: (process: Process | undefined) => Session;
  /** The server ends it: what it did is undone, what it held is free. */
  readonly close: (session: Session, why: string) => void;
  readonly closeAll: (of: Process | undefined, why: string) => void;
  /** Locks, decides, and writes what no other transaction sees yet. @throws Retriable LOCK_TIMEOUT @throws Unavailable */
  readonly begin: (session: Session, asks: readonly PaymentAsk[]) => Promise<readonly PaymentAnswer[]>;
  readonly commit: (session: Session) => void;
  readonly rollback: (session: Session) => void;
  /** Takes the outbox's lock; false where another has it for so long. */
  readonly lead: (session: Session, waitMs: number) => Promise<boolean>;
  readonly stepDown: (session: Session) => void;
  readonly leads: (session: Session) => boolean;
  /** Adds to a balance, when it is not locked. @throws Retriable @throws Unavailable, with nothing added. */
  readonly topUp: (userId: UserId, amount: number) => Promise<void>;
}

/** How long a statement waits for rows that others have locked, ms. */
const lockTimeoutMs = 1_000;
const outboxLock = "the outbox";

/** What a server works with. */
export interface DatabaseOptions {
  readonly time: Time;
  readonly trace: Trace;
  readonly shop: Shop;
  readonly watcher: DatabaseWatcher;
}

/** A server with a shop in it and no payments. */
export const createDatabase = ({ time, trace, shop, watcher }: DatabaseOptions): Database => {
  const state = stateOf(shop);
  const locks = createLocks(time.after);
  const leadLock = createLocks(time.after);
  const sessions = new Set<Session>();
  let leader: Session | undefined;
  const stepDown = (session: Session): void => {
    if (leader === session) leader = undefined;
    leadLock.letGo(session);
  };
  const rollback = (session: Session): void => {
    session.work = undefined;
    locks.letGo(session);
  };
  const close: Database["close"] = (session, why) => {
    if (!session.open) return;
    session.open = false;
    sessions.delete(session);
    const lost = [...(session.work ? ["a transaction"] : []), ...(leader === session ? ["the lead"] : [])];
    if (lost.length > 0)
      trace.add("database", () => `ends a connection of ${session.process?.name}, ${why}: ${lost.join(", ")} lost`);
    rollback(session);
    stepDown(session);
  };
  const watchSilence = (session: Session): void => {
    const { silenceMs } = session;
    if (silenceMs === undefined) return;
    time.after(silenceMs, () => {
      if (leader !== session) return;
      if (time.now() - session.heardAt >= silenceMs) close(session, "silent for too long");
      else watchSilence(session);
    });
  };
  const locked = async (session: Session, names: readonly string[]): Promise<void> => {
    const taken = await locks.take(session, names, lockTimeoutMs);
    if (!session.open) throw new Unavailable("database", "the connection has ended");
    if (!taken) throw new Retriable("LOCK_TIMEOUT", "rows are locked by others");
  };
  const connect: Database["connect"] = (process) => {
    const session = { process, open: true, heardAt: time.now(), silenceMs: undefined, work: undefined };
    sessions.add(session);
    return session;
  };
  return {
    ...{ state, connect, close, rollback, stepDown },
    closeAll: (of, why) => {
      for (const session of [...sessions]) if (of === undefined || session.process === of) close(session, why);
    },
    begin: async (session, asks) => {
      await locked(session, lockNames(state, asks));
      state.now = time.now();
      const [base, mine] = [copyOf(state), copyOf(state)];
      const answering = rulePaymentBook(mine).pay(asks);
      // Numbers are given at once, whatever becomes of the transaction; others may begin in this very turn.
      state.lastOutboxNo = mine.lastOutboxNo;
      const answers = await answering;
      session.work = { base, mine };
      watcher.decided(asks, copyOf(base), answers);
      return answers;
    },
    commit: (session) => {
      const { work } = session;
      if (work === undefined) throw new Unavailable("database", "there is no transaction to commit");
      const outboxNos = merge(state, work);
      rollback(session);
      watcher.committed(outboxNos);
    },
    lead: async (session, waitMs) => {
      const taken = (await leadLock.take(session, [outboxLock], waitMs)) && session.open;
      if (!taken) return false;
      leader = session;
      session.heardAt = time.now();
      watchSilence(session);
      return true;
    },
    leads: (session) => leader === session,
    topUp: async (userId, amount) => {
      const session = connect(undefined);
      await locked(session, [`balance ${userId}`]).catch((error: unknown) => {
        close(session, "it was not served");
        throw error;
      });
      state.balances.set(userId, ((state.balances.get(userId) ?? 0) + amount) as Won);
      close(session, "done");
    },
  };
};

const stateOf = (shop: Shop): MemoryPayments => ({
  ...memoryPayments(),
  left: new Map(shop.stock),
  balances: new Map(shop.deposits),
  coupons: new Map(shop.coupons),
  orders: new Map([...shop.orders].map(([orderId, order]) => [orderId, { ...order, paid: false }])),
});

const copyOf = (state: MemoryPayments): MemoryPayments => ({
  ...state,
  orders: new Map(state.orders),
  left: new Map(state.left),
  balances: new Map(state.balances),
  coupons: new Map(state.coupons),
  payments: new Map(state.payments),
  bound: new Map(state.bound),
  outbox: new Map(state.outbox),
});

/** What asks may move. The real keys are written last; here they are locked with the rest, which comes to the same. */
const lockNames = ({ orders }: MemoryPayments, asks: readonly PaymentAsk[]): readonly string[] => [
  ...new Set(
    asks.flatMap((ask) => {
      const order = orders.get(ask.orderId);
      const rows = order && [
        `balance ${order.userId}`,
        ...order.items.map(({ optionId }) => `option ${optionId}`),
        ...order.coupons.map((id) => `coupon ${id}`),
      ];
      return [`key ${keyName(ask)}`, `order ${ask.orderId}`, ...(rows ?? [])];
    }),
  ),
];

/** Makes a transaction's rows everybody's; answers the numbers of its outbox rows. */
const merge = (state: MemoryPayments, { base, mine }: Work): readonly number[] => {
  const copy = <K, V>(to: Map<K, V>, before: ReadonlyMap<K, V>, after: ReadonlyMap<K, V>): readonly K[] => {
    const changed = [...after].filter(([key, value]) => before.get(key) !== value);
    for (const [key, value] of changed) to.set(key, value);
    return changed.map(([key]) => key);
  };
  copy(state.orders, base.orders, mine.orders);
  copy(state.left, base.left, mine.left);
  copy(state.balances, base.balances, mine.balances);
  copy(state.coupons, base.coupons, mine.coupons);
  copy(state.payments, base.payments, mine.payments);
  copy(state.bound, base.bound, mine.bound);
  const outboxNos = copy(state.outbox, base.outbox, mine.outbox);
  // A table is read in the order of its numbers, whichever committed first.
  const rows = [...state.outbox].toSorted(([a], [b]) => a - b);
  state.outbox.clear();
  for (const [outboxNo, row] of rows) state.outbox.set(outboxNo, row);
  return outboxNos;
};
