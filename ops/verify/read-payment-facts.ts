/** Reads what the verifier compares of payments: whole tables, the whole topic, and the platform. To be trusted on a quiet system. */
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { request } from "undici";
import type { Payment } from "../../processors/payment-ports.ts";
import { deadLetterTopic } from "../../runtime/dead-letter.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../runtime/kafka/admin.ts";
import { createCodec } from "../../schemas/codec.ts";
import { type PaymentId, paymentsCompleted } from "../../schemas/payment.ts";
import { confluentRegistry } from "../../schemas/registry.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { paymentAudit } from "../../stores/mysql/payment-audit.ts";
import { externalData } from "../../topology/external-data.ts";
import { transactionHistory } from "../../topology/transaction-history.ts";
import { paymentsKeptMs } from "../apply.ts";
import { CliError } from "../cli.ts";
import type { Config } from "../config.ts";
import type { DownstreamGroup, OutboxState, PaymentFacts, ToldPayment } from "./payment-facts.ts";
import { readValues } from "./read-values.ts";

/** What to look at. */
export interface PaymentScope {
  /** Only payments of users whose id begins with this; of all of them where it is empty. Books are always read whole. */
  readonly users: string;
  /** The control address of a stand-in platform; where left out the platform is not asked. */
  readonly platformControlUrl?: string | undefined;
}

/**
 * Reads everything about payments.
 * @throws CliError (PLATFORM_AWAY) where the platform was to be asked and does not answer.
 * @throws where another service does not answer.
 */
export const readPaymentFacts = async (config: Config, scope: PaymentScope): Promise<PaymentFacts> => {
  const now = Date.now();
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-verify" });
  try {
    // First: what was brought from here on is behind this, whether or not it is read in time to be seen.
    const historyGroup = await readGroup(admin, config, transactionHistory.graph.name);
    const externalGroup = await readGroup(admin, config, externalData.graph.name);
    const [tables, told, effects] = await Promise.all([
      readTables(config),
      readTold(admin, config),
      scope.platformControlUrl === undefined ? undefined : readEffects(scope.platformControlUrl),
    ]);
    const isMeant = meant(scope.users, tables.payments);
    return {
      historyGroup,
      externalGroup,
      payments: filtered(tables.payments, isMeant),
      outbox: filtered(tables.outbox, isMeant),
      told: filtered(told, isMeant),
      history: filtered(tables.history, isMeant),
      platform: effects && filtered(effects, isMeant),
      books: tables.books,
      outboxSince: now - config.outboxKeptMs,
      topicSince: now - paymentsKeptMs,
    };
  } finally {
    await admin.close();
  }
};

/** Of an id of no payment nobody knows whose it is: it is always meant. */
const meant =
  (users: string, payments: ReadonlyMap<PaymentId, Payment>) =>
  (id: PaymentId): boolean =>
    payments.get(id)?.userId.startsWith(users) ?? true;

const filtered = <T>(all: ReadonlyMap<PaymentId, T>, isMeant: (id: PaymentId) => boolean): ReadonlyMap<PaymentId, T> =>
  new Map([...all].filter(([id]) => isMeant(id)));

const readGroup = async (admin: KafkaAdmin, { groupPrefix }: Config, topology: string): Promise<DownstreamGroup> => {
  const id = `${groupPrefix}.${topology}`;
  const ends = await admin.endOffsets(deadLetterTopic(topology));
  return {
    id,
    committed: await admin.committedOffsets(id, paymentsCompleted.name),
    deadLetters: ends.reduce((sum, end) => sum + Number(end), 0),
  };
};

const readTables = async ({ databaseUrl }: Config) => {
  const database = openDatabase({ databaseUrl, poolMax: 2, poolKeptIdle: 0, statementTimeoutMs: 60_000 });
  const payments = new Map<PaymentId, Payment>();
  const history = new Map<PaymentId, Payment>();
  const outbox = new Map<PaymentId, OutboxState>();
  try {
    const audit = paymentAudit(database);
    await audit.outbox(({ paymentId, published }) => {
      const before = outbox.get(paymentId);
      outbox.set(paymentId, { rows: (before?.rows ?? 0) + 1, published: published && (before?.published ?? true) });
    });
    await audit.payments((payment) => payments.set(payment.paymentId, payment));
    await audit.history((row) => history.set(row.paymentId, row));
    return { payments, history, outbox, books: await audit.books() };
  } finally {
    await database.close();
  }
};

const readTold = async (admin: KafkaAdmin, { registryUrl }: Config): Promise<ReadonlyMap<PaymentId, ToldPayment>> => {
  const codec = createCodec({ source: confluentRegistry({ url: registryUrl }), now: () => performance.now() });
  const told = new Map<PaymentId, ToldPayment>();
  await readValues({ admin, codec }, paymentsCompleted, (payment, partition, offset) => {
    const first = told.get(payment.paymentId);
    if (first === undefined) told.set(payment.paymentId, { payment, partition, offset, contradicted: false });
    else if (!isDeepStrictEqual(first.payment, payment)) told.set(payment.paymentId, { ...first, contradicted: true });
  });
  return told;
};

/** How long the platform may take to tell of its effects. */
const platformTimeoutMs = 30_000;

const readEffects = async (controlUrl: string): Promise<ReadonlyMap<PaymentId, number>> => {
  const url = new URL("/effects", controlUrl);
  try {
    const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(platformTimeoutMs) });
    if (statusCode !== 200) throw new TypeError(`it answered ${statusCode}`);
    const effects = new Map<PaymentId, number>();
    for await (const line of createInterface({ input: body })) {
      if (line === "") continue;
      // What stands in a stand-in's answer: an id it was sent, and how often.
      const [paymentId, count] = JSON.parse(line) as readonly [PaymentId, number];
      effects.set(paymentId, count);
    }
    return effects;
  } catch (cause) {
    throw new CliError(`the platform at ${url.href} did not tell of its effects: ${String(cause)}`, {
      code: "PLATFORM_AWAY",
      fix: "Give the control address of a running `sluice platform`, or leave it out.",
      cause,
    });
  }
};
