/**
 * Paying: every request that waits while a transaction is in flight goes into the next one (coalesce.ts). What can go
 * wrong on the way, and what is answered:
 *
 * - too many wait already: `overloaded`, nothing is asked;
 * - the database is away, or refuses our user: the same asks again, until the client's deadline, then `unavailable`: nothing was paid;
 * - the connection is lost at the COMMIT: the same asks again, which find out whether it took effect; where the deadline
 *   comes first, or comes while a transaction is in flight, `outcome-unknown`, never a yes and never a no;
 * - a deadlock or a lock that is not given up: every ask by itself, so that only those in its way fail, `unavailable`;
 *   one that an earlier attempt left in doubt asks again, because that attempt may have paid;
 * - paid, and the answer to the client is lost: the same key again finds the same payment.
 */
import { hash } from "node:crypto";
import pLimit from "p-limit";
import { v7 } from "uuid";
import { Contended, dispositionOf, isHeld } from "../../engine/errors.ts";
import type { RandomBytes } from "../../engine/random-pool.ts";
import {
  type PaymentAnswer,
  type PaymentAsk,
  type PaymentBook,
  PaymentInDoubt,
} from "../../processors/payments/payment-ports.ts";
import type { UserId } from "../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../schemas/payment.ts";
import { coalesce } from "../http/coalesce.ts";
import { type Deadline, DeadlinePassed, within } from "../http/deadline.ts";
import type { ApiSettings } from "../http/parameters.ts";
import type { ApiClock } from "../http/clock.ts";
import { overloaded, Problem, retryAfter } from "../http/problems/problems.ts";

/** A verified wish to pay one order. */
export interface PaymentWish {
  readonly orderId: OrderId;
  readonly userId: UserId;
  /** The client's `Idempotency-Key`, 1 to 255 visible ASCII characters. */
  readonly key: string;
  /** The `traceparent` that the payment's record carries; undefined where its trace is not recorded. */
  readonly traceparent?: string | undefined;
}

/** What paying needs. */
export interface PayParameters {
  readonly payments: Pick<PaymentBook, "pay">;
  readonly clock: ApiClock;
  readonly randomBytes: RandomBytes;
  readonly settings: ApiSettings;
}

/** Payments of one transaction at most: more would only hold their locks for longer. */
const maxAsks = 200;
/** Asks that are asked one by one at the same time, each on a connection of its own. */
const singlesAtOnce = 8;
/** Between attempts while the database is away: doubling, in ms. */
const pauses = [20, 40, 80, 160, 320] as const;

/** One client that waits. */
interface Waiting {
  readonly ask: PaymentAsk;
  readonly deadline: Deadline;
  /** Called once with what came of it, however long the others of its transaction take. */
  readonly notify: (outcome: Outcome) => void;
  /** What is known of its payment when the deadline passes: an attempt is in flight; or one may have paid, or has. */
  inFlight: boolean;
  mayBePaid: boolean;
}

type Outcome = { readonly answer: PaymentAnswer } | { readonly error: unknown };

/**
 * Pays orders, any number at once.
 * @throws Problem `overloaded`, `unavailable`, `outcome-unknown`
 * @throws Contended @throws Retriable where nothing was paid, because something else held a lock or was in the way.
 */
export const createPay = (parameters: PayParameters): ((wish: PaymentWish) => Promise<PaymentAnswer>) => {
  const { clock, settings } = parameters;
  const run = (asked: readonly Waiting[]) => settle(parameters, asked);
  const queue = coalesce(run, { maxItems: maxAsks, lanes: settings.paymentLanes });
  return async (wish) => {
    if (queue.waiting() >= settings.maxWaitingPayments) {
      throw overloaded(`Nothing was paid: ${settings.maxWaitingPayments} or more payments are waiting.`, settings);
    }
    let mine: Waiting | undefined;
    try {
      return await within(clock, settings.acknowledgeTimeoutMs, async (deadline) => {
        const notified = Promise.withResolvers<Outcome>();
        mine = { ask: askOf(parameters, wish), deadline, notify: notified.resolve, inFlight: false, mayBePaid: false };
        const outcome = await Promise.race([notified.promise, queue.ask(mine)]);
        if ("error" in outcome) throw outcome.error;
        return outcome.answer;
      });
    } catch (error) {
      throw problemOfWaiting(error, { mine, settings });
    }
  };
};

/** An ask with a new payment id: the one that counts, if this ask is the one that pays. */
const askOf = (
  { clock, randomBytes }: PayParameters,
  { orderId, userId, key, traceparent }: PaymentWish,
): PaymentAsk => ({
  orderId,
  userId,
  key,
  traceparent,
  fingerprint: hash("sha256", JSON.stringify([orderId]), "buffer"),
  paymentId: v7({ msecs: clock.now(), random: randomBytes(16) }) as PaymentId, // A UUIDv7 by construction.
});

/** Asks until there is an answer for each whose client still waits. Never rejects. */
const settle = async (parameters: PayParameters, asked: readonly Waiting[]): Promise<readonly Outcome[]> => {
  const outcomes = new Map<Waiting, Outcome>();
  for (let failures = 0; ; failures++) {
    // Its client has been answered that nothing was paid, or that it is not known: paying it now would be a surprise.
    const live = asked.filter(({ deadline }) => !deadline.passed());
    const answered = live.length === 0 ? [] : await attempt(parameters, live);
    if (answered !== "again") {
      for (const [at, outcome] of answered.entries()) {
        const waiting = live[at];
        if (waiting !== undefined) outcomes.set(waiting, outcome);
      }
      return asked.map(
        (waiting) => outcomes.get(waiting) ?? { error: new DeadlinePassed("the client waits no longer") },
      );
    }
    await pause(parameters.clock, pauses[Math.min(failures, pauses.length - 1)] ?? 0);
  }
};

const attempt = async (parameters: PayParameters, live: readonly Waiting[]): Promise<readonly Outcome[] | "again"> => {
  for (const waiting of live) waiting.inFlight = true;
  try {
    const answers = await parameters.payments.pay(live.map(({ ask }) => ask));
    for (const waiting of live) waiting.mayBePaid = true;
    return notifyAll(
      live,
      answers.map((answer) => ({ answer })),
    );
  } catch (error) {
    if (error instanceof PaymentInDoubt) for (const waiting of live) waiting.mayBePaid = true;
    // One order that is locked must not be waited for by the others of its transaction.
    if (isHeld(error) && !(error instanceof Contended)) return "again";
    if (live.length === 1) return isInDoubt(live, error) ? "again" : notifyAll(live, [{ error }]);
    const one = pLimit(singlesAtOnce);
    return (await Promise.all(live.map((waiting) => one(() => settle(parameters, [waiting]))))).flat();
  } finally {
    for (const waiting of live) waiting.inFlight = false;
  }
};

const notifyAll = (live: readonly Waiting[], outcomes: readonly Outcome[]): readonly Outcome[] => {
  for (const [at, outcome] of outcomes.entries()) live[at]?.notify(outcome);
  return outcomes;
};

/** This attempt wrote nothing, but an earlier one may have: "nothing was paid" would be a guess. */
const isInDoubt = (live: readonly Waiting[], error: unknown): boolean =>
  (dispositionOf(error) === "retriable" || error instanceof Contended) && live.some(({ mayBePaid }) => mayBePaid);

const pause = (clock: ApiClock, ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));

const problemOfWaiting = (
  error: unknown,
  { mine, settings }: { readonly mine: Waiting | undefined; readonly settings: ApiSettings },
): unknown => {
  if (!(error instanceof DeadlinePassed) || mine === undefined) return error;
  const headers = retryAfter(settings);
  if (mine.inFlight || mine.mayBePaid) {
    const detail = `There was no answer within ${settings.acknowledgeTimeoutMs} ms; the order may be paid, or may not. Ask again with the same Idempotency-Key to find out: that never pays twice.`;
    return new Problem("outcome-unknown", { detail, headers }, { cause: error });
  }
  return new Problem("unavailable", { detail: "Nothing was paid. Ask again later.", headers }, { cause: error });
};
