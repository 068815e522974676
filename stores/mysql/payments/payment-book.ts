/**
 * The truth about payments: one transaction for all that are asked for together. What each call that leaves the process
 * may come to is in session.ts and errors.ts; what is special here is the COMMIT, see {@link paymentBook}.
 */
import { createHash } from "node:crypto";
import {
  decidePayments,
  type KnownPayments,
  keyName,
  type PaidOrder,
  unitsOf,
} from "../../../processors/payments/decide-payments.ts";
import { Contended, Fatal, isHeld, Poison, Retriable } from "../../../engine/errors.ts";
import {
  type OptionId,
  type PaymentAnswer,
  type PaymentAsk,
  type PaymentBook,
  PaymentInDoubt,
} from "../../../processors/payments/payment-ports.ts";
import type { UserId } from "../../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../../schemas/payment.ts";
import { compareText } from "../../ids.ts";
import { isStorableUserId, isUuid } from "../../../schemas/ids.ts";
import { readClock } from "../clock.ts";
import type { Database } from "../database.ts";
import {
  insertBound,
  insertOutbox,
  insertPayments,
  type KeyRow,
  lockBalances,
  lockOptions,
  lockOrders,
  lockUserCoupons,
  markUsed,
  payOrders,
  readBound,
  readItems,
  readOrderCoupons,
  readPayments,
  takeBalances,
  takeOptions,
} from "./payment-statements.ts";
import { inTransaction, type Session, withSession } from "../session.ts";

/** Asks of one transaction at most: what one statement's parameter and one transaction's locks should hold. */
export const payMaxAsks = 1_000;

/**
 * The {@link PaymentBook} of a database.
 *
 * Every transaction locks in one order: orders, options, balances, coupons, each sorted, and writes its keys last, sorted
 * too; so no two wait for each other in a circle. The session that holds the order decides, so keys are read after it is locked;
 * a key that turns up between reading and writing is one that is used for two orders at once: everything is rolled back
 * and decided again. What was decided is written with guards all the same (`status = 1`, `remaining >= units`), and a
 * guard that refuses rolls everything back: then something else writes these rows without their locks.
 *
 * A connection lost before the COMMIT is sent has rolled back: Unavailable. One lost after it: PaymentInDoubt, and the
 * same asks again find the key with its payment, or nothing.
 */
export const paymentBook = (database: Database): PaymentBook => ({
  pay: async (asks) => {
    if (asks.length === 0) return [];
    asks.forEach(checkAsk);
    if (asks.length > payMaxAsks) throw new Fatal("ASKS_TOO_MANY", `at most ${payMaxAsks} asks, got ${asks.length}`);
    let committing = false;
    try {
      return await inTransaction(database, async (session) => {
        committing = false;
        const answers = await payAll(session, asks);
        committing = true;
        return answers;
      });
    } catch (error) {
      // A lock that is kept ends the transaction: nothing was written.
      const isUnknown = committing && isHeld(error) && !(error instanceof Contended);
      throw isUnknown ? new PaymentInDoubt({ cause: error }) : error;
    }
  },
  find: async (paymentIds) => {
    const wanted = paymentIds.filter(isUuid);
    if (wanted.length === 0) return new Map();
    const payments = await withSession(database, (session) => readPayments(session, wanted));
    return new Map(payments.map((payment) => [payment.paymentId, payment]));
  },
});

const payAll = async (session: Session, asks: readonly PaymentAsk[]): Promise<readonly PaymentAnswer[]> => {
  const keys = keysOf(asks);
  for (let attempt = 1; attempt <= 2; attempt++) {
    const { known, optionNos } = await lockAndRead(session, asks);
    const { answers, paid } = decidePayments(asks, { ...known, bound: await boundBy(session, keys) });
    if (paid.length === 0) return answers;
    await write(session, paid, optionNos);
    const used = new Set<PaymentId>(paid.map(({ payment }) => payment.paymentId));
    const binding = [...keys.values()].filter(({ paymentId }) => used.has(paymentId));
    if ((await insertBound(session, binding)) === paid.length) return answers;
    await session.restart();
  }
  throw new Retriable("CHANGED_UNDERNEATH", "idempotency keys that were not there are there");
};

/** The keys of some asks by their names, sorted; of asks with one key only the first can pay. */
const keysOf = (asks: readonly PaymentAsk[]): ReadonlyMap<string, KeyRow> => {
  const keys = new Map<string, KeyRow>();
  for (const ask of asks) {
    const { userId, key, fingerprint, paymentId } = ask;
    const name = keyName(ask);
    if (keys.has(name)) continue;
    keys.set(name, { userId, keyHash: createHash("sha256").update(key).digest(), fingerprint, paymentId });
  }
  return new Map([...keys].sort(([a], [b]) => compareText(a, b)));
};

const boundBy = async (session: Session, keys: ReadonlyMap<string, KeyRow>): Promise<KnownPayments["bound"]> => {
  const names = [...keys.keys()];
  const rows = await readBound(session, [...keys.values()]);
  return new Map(rows.map(({ at, bound }) => [names[at] ?? "", bound]));
};

type Locked = {
  readonly known: Omit<KnownPayments, "bound">;
  readonly optionNos: ReadonlyMap<OptionId, number>;
};

const lockAndRead = async (session: Session, asks: readonly PaymentAsk[]): Promise<Locked> => {
  const locked = asks.length === 0 ? [] : await lockOrders(session, sorted(asks.map(({ orderId }) => orderId)));
  const nothing = { now: 0, orders: new Map(), left: new Map(), balances: new Map(), coupons: new Map() };
  if (locked.length === 0) return { known: nothing, optionNos: new Map() };
  const orderIds = locked.map(({ orderId }) => orderId);
  const items = await readItems(session, orderIds);
  const wishes = await readOrderCoupons(session, orderIds);
  const optionNumbers = [...new Set(items.map(({ optionNo }) => optionNo))].sort((a, b) => a - b);
  const options = await lockOptions(session, optionNumbers);
  const balances = await lockBalances(session, sorted(locked.map(({ userId }) => userId)));
  const wanted = sorted(wishes.map(({ reservationId }) => reservationId));
  const coupons = wanted.length === 0 ? new Map() : await lockUserCoupons(session, wanted);
  const optionIds = new Map(options.map(({ optionNo, optionId }) => [optionNo, optionId]));
  const itemsOf = Map.groupBy(items, ({ orderId }) => orderId);
  const couponsOf = Map.groupBy(wishes, ({ orderId }) => orderId);
  const orders = locked.map((order) => ({
    ...order,
    items: (itemsOf.get(order.orderId) ?? []).map(({ optionNo, quantity, unitPrice }) => ({
      optionId: optionOf(optionIds, optionNo, order.orderId),
      quantity,
      unitPrice,
    })),
    coupons: (couponsOf.get(order.orderId) ?? []).map(({ reservationId }) => reservationId),
  }));
  return {
    known: {
      // Asked once nothing has to be waited for any more: a lock may have taken seconds.
      now: await readClock(session),
      orders: new Map(orders.map((order) => [order.orderId, order])),
      left: new Map(options.map(({ optionId, remaining }) => [optionId, remaining])),
      balances,
      coupons,
    },
    optionNos: new Map(options.map(({ optionNo, optionId }) => [optionId, optionNo])),
  };
};

const optionOf = (optionIds: ReadonlyMap<number, OptionId>, optionNo: number, orderId: OrderId): OptionId => {
  const optionId = optionIds.get(optionNo);
  if (optionId === undefined) throw new Fatal("OPTION_LOST", `order ${orderId}: there is no option ${optionNo}`);
  return optionId;
};

/** Writes payments. Every row was locked and looked at; a count that is not as expected rolls everything back. */
const write = async (
  session: Session,
  paid: readonly PaidOrder[],
  optionNos: ReadonlyMap<OptionId, number>,
): Promise<void> => {
  const orders = paid.map(({ order }) => order);
  const units = unitsOf(orders.flatMap(({ items }) => items));
  const byNumber = new Map([...units].map(([optionId, wanted]) => [optionNos.get(optionId) ?? 0, wanted]));
  const amounts = new Map<UserId, number>();
  for (const { payment } of paid) {
    if (payment.amount > 0) amounts.set(payment.userId, (amounts.get(payment.userId) ?? 0) + payment.amount);
  }
  const coupons = orders.flatMap((order) => order.coupons);
  expect("orders", orders.length, await payOrders(session, sorted(orders.map(({ orderId }) => orderId))));
  expect("options", byNumber.size, await takeOptions(session, byNumber));
  if (amounts.size > 0) expect("balances", amounts.size, await takeBalances(session, amounts));
  if (coupons.length > 0) expect("coupons", coupons.length, await markUsed(session, coupons));
  expect("payments", paid.length, await insertPayments(session, paid));
  expect("outbox rows", paid.length, await insertOutbox(session, paid));
};

const expect = (what: string, expected: number, got: number): void => {
  if (got === expected) return;
  throw new Retriable(
    "CHANGED_UNDERNEATH",
    `wrote ${got} of ${expected} ${what}: something else writes these rows without their lock`,
  );
};

const sorted = <Id extends string>(ids: readonly Id[]): readonly Id[] => [...new Set(ids)].sort(compareText);

const checkAsk = ({ orderId, userId, key, fingerprint, paymentId }: PaymentAsk): void => {
  const good =
    isUuid(orderId) && isUuid(paymentId) && isStorableUserId(userId) && fingerprint.length === 32 && key !== "";
  if (good) return;
  throw new Poison("BAD_ASK", `payment ${paymentId}: an id, the key or the fingerprint is malformed`, {
    idempotencyKey: paymentId,
  });
};
