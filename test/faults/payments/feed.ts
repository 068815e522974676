/** Payments that keep coming while faults strike: orders of every kind, each asked for as its kind says. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AnsweredCase } from "../../../dev/demo/payments/payer.ts";
import type { PayCase, PaymentPlan } from "../../../dev/demo/payments/plan-payments.ts";
import { type Clients, createClients, type AttemptReply } from "./clients.ts";
import type { PayScene } from "./scene.ts";
import { openBatch } from "./shop.ts";

/** A batch of orders, and what became of those that were asked for. */
export interface FedBatch {
  readonly plan: PaymentPlan;
  readonly answered: readonly AnsweredCase[];
}

/** A running load. */
export interface PayFeed {
  readonly prefix: string;
  /** Clients that were answered as paid, so far. */
  readonly paid: () => number;
  /** Ends it; resolves when every client is answered, or has given up, with the answers to all of them. */
  readonly stop: () => Promise<readonly FedBatch[]>;
}

/** How the load is. */
export interface FeedOptions {
  readonly perSecond: number;
  readonly urls: () => readonly string[];
  /** Opened at a time; 400 by default. */
  readonly batchOrders?: number;
}

/** Between two handfuls of clients. */
const everyMs = 20;
/** Cases in flight: while no API answers, no more are begun. */
const maxInFlight = 400;
const connections = 64;

/** Starts a load of about `perSecond` orders. Resolves when the first batch is open. */
export const startPayFeed = async (scene: PayScene, options: FeedOptions): Promise<PayFeed> => {
  const { config, signal } = scene;
  const prefix = scene.newPrefix();
  const clients = createClients({ urls: options.urls, secret: config.tokenSecret, connections, signal });
  const feed = feedOf(scene, { ...options, prefix, clients });
  await feed.opened;
  return {
    prefix,
    paid: feed.paid,
    stop: async () => {
      const batches = await feed.stop();
      await clients.close();
      return batches;
    },
  };
};

interface Own extends FeedOptions {
  readonly prefix: string;
  readonly clients: Clients;
}

const feedOf = (scene: PayScene, { perSecond, prefix, clients, batchOrders = 400 }: Own) => {
  const batches: { readonly plan: PaymentPlan; readonly answered: AnsweredCase[] }[] = [];
  const count = { begun: 0, inFlight: 0, paid: 0 };
  let stopped = false;
  const open = async () => {
    const plan = await openBatch(scene, { prefix: `${prefix}${batches.length}-`, orders: batchOrders });
    const batch = { plan, answered: [] as AnsweredCase[], left: plan.cases.values() };
    batches.push(batch);
    return batch;
  };
  /** Its failure goes to those that wait for it, and is no unhandled rejection before. */
  const openNext = (): ReturnType<typeof open> => {
    const opening = open();
    opening.catch(() => undefined);
    return opening;
  };
  const begin = async (one: PayCase, answered: AnsweredCase[]): Promise<void> => {
    count.begun++;
    count.inFlight++;
    const replies = await Promise.all(one.attempts.map(clients.pay));
    count.paid += replies.filter((each) => each.reply.kind === "paid").length;
    count.inFlight--;
    answered.push({ ...one, answers: replies.map(answerOf) });
  };
  const going: Promise<void>[] = [];
  const opened = openNext();
  const run = async (): Promise<void> => {
    let batch = await opened;
    let next = openNext();
    const startedAt = performance.now();
    while (!stopped && !scene.signal.aborted) {
      const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1_000) - count.begun;
      for (let n = Math.min(due, maxInFlight - count.inFlight); n > 0; n--) {
        const { value: one } = batch.left.next();
        if (one !== undefined) {
          going.push(begin(one, batch.answered));
          continue;
        }
        batch = await next;
        next = openNext();
      }
      await sleep(everyMs);
    }
    await next;
  };
  const running = run();
  running.catch(() => undefined);
  return {
    opened,
    paid: () => count.paid,
    stop: async (): Promise<readonly FedBatch[]> => {
      stopped = true;
      await running;
      await Promise.all(going);
      return batches;
    },
  };
};

/** As the demo's checks of answers have it; when it was asked is of no interest here. */
const answerOf = (reply: AttemptReply): AnsweredCase["answers"][number] => ({ ...reply, dueAtMs: 0, latencyMs: 0 });
