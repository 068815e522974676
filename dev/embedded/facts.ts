/**
 * Reads what the verifier compares, from topics and stores in memory. The claims are the same, and so is the code that checks
 * them; dead letters are counted and not read, so a request that has one counts as a request without a verdict.
 */
import type { Config } from "../../ops/config.ts";
import type { CouponFacts } from "../../ops/verify/facts.ts";
import type { DownstreamGroup, OutboxState, PaymentFacts } from "../../ops/verify/payments/payment-facts.ts";
import { readEffects, readPaymentTopic, type PaymentScope } from "../../ops/verify/payments/read-payment-facts.ts";
import { readCouponTopics } from "../../ops/verify/read-facts.ts";
import { deadLetterTopic } from "../../engine/worker/round/dead-letter.ts";
import { couponIssueRequests } from "../../schemas/coupon.ts";
import { type PaymentId, paymentsCompleted } from "../../schemas/payment.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import { externalData } from "../../topology/external-data.ts";
import { transactionHistory } from "../../topology/transaction-history.ts";
import type { MemoryCluster } from "./cluster.ts";
import { booksOf } from "./payment-books.ts";
import type { MemoryStores } from "./stores.ts";

/** What is read. */
export interface Read {
  readonly cluster: MemoryCluster;
  readonly stores: MemoryStores;
  readonly config: Pick<Config, "groupPrefix">;
}

/** Reads everything about coupons whose id begins with `prefix`. */
export const readCouponFacts = async ({ cluster, stores, config }: Read, prefix: string): Promise<CouponFacts> => {
  const { look, codec } = cluster;
  const id = `${config.groupPrefix}.${couponIssuing.graph.name}`;
  const group = { id, committed: await look.committedOffsets(id, couponIssueRequests.name) };
  const topics = await readCouponTopics({ admin: look, codec }, prefix);
  const { coupons, remaining, verdicts } = stores.coupons;
  const own = [...verdicts].filter(([, { couponId }]) => couponId.startsWith(prefix));
  const counters = [...stores.gate.counters].filter(([couponId]) => couponId.startsWith(prefix));
  return {
    group,
    ...topics,
    issued: new Map(own.filter(([, { kind }]) => kind === "issued")),
    refused: new Map(own.filter(([, { kind }]) => kind === "refused")),
    coupons: new Map(
      [...coupons].flatMap(([couponId, { stock }]) =>
        couponId.startsWith(prefix) ? [[couponId, { couponId, stock, remaining: remaining.get(couponId) ?? -1 }]] : [],
      ),
    ),
    counters: new Map(counters.map(([couponId, { left }]) => [couponId, left])),
    foreign: new Set(),
    marks: new Map(counters.map(([couponId, { marks }]) => [couponId, marks.size])),
  };
};

/** Reads everything about payments, of whichever users. */
export const readPaymentFacts = async (
  { cluster, stores, config }: Read,
  { platformControlUrl }: Pick<PaymentScope, "platformControlUrl">,
): Promise<PaymentFacts> => {
  const groupOf = async (topology: string): Promise<DownstreamGroup> => {
    const id = `${config.groupPrefix}.${topology}`;
    const letters = await cluster.look.endOffsets(deadLetterTopic(topology));
    return {
      id,
      committed: await cluster.look.committedOffsets(id, paymentsCompleted.name),
      deadLetters: letters.reduce((sum, end) => sum + Number(end), 0),
    };
  };
  const { payments } = stores;
  return {
    historyGroup: await groupOf(transactionHistory.graph.name),
    externalGroup: await groupOf(externalData.graph.name),
    payments: payments.payments,
    outbox: outboxOf(stores),
    ...(await readPaymentTopic({ admin: cluster.look, codec: cluster.codec })),
    history: stores.history.rows,
    platform: platformControlUrl === undefined ? undefined : await readEffects(platformControlUrl),
    books: booksOf(payments),
    // Nothing is pruned within the hours that it runs.
    outboxSince: 0,
  };
};

const outboxOf = ({ payments }: MemoryStores): ReadonlyMap<PaymentId, OutboxState> => {
  const states = new Map<PaymentId, OutboxState>();
  for (const { payment, publishedAt } of payments.outbox.values()) {
    const before = states.get(payment.paymentId) ?? { rows: 0, published: true };
    states.set(payment.paymentId, { rows: before.rows + 1, published: before.published && publishedAt !== null });
  }
  return states;
};
