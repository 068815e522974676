/**
 * Reads what the verifier compares of payments: whole tables, the whole topic, and the platform. The last stage of a payment
 * is read first. So while payments continue, everything that is read has its origin in what is read after it, and what is
 * missing had been published, or processed by its group, before anything was read.
 */
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { request } from "undici";
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import { deadLetterTopic } from "../../../engine/worker/round/dead-letter.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../../engine/log/kafka/admin/admin.ts";
import type { Replays } from "../../../engine/dlq/jobs/replays.ts";
import { type PaymentCompleted, type PaymentId, paymentsCompleted } from "../../../schemas/payment.ts";
import { type Database, openDatabase } from "../../../stores/mysql/database.ts";
import { type PaymentAudit, paymentAudit } from "../../../stores/mysql/payments/payment-audit.ts";
import { paymentBook } from "../../../stores/mysql/payments/payment-book.ts";
import { replaysOf } from "../../../stores/mysql/operations/replays.ts";
import { readClock } from "../../../stores/mysql/clock.ts";
import { withSession } from "../../../stores/mysql/session.ts";
import { externalData } from "../../../topology/external-data.ts";
import { transactionHistory } from "../../../topology/transaction-history.ts";
import { CliError } from "../../../engine/app/cli.ts";
import type { Config } from "../../config.ts";
import type { DownstreamGroup, OutboxState, PaymentFacts } from "./payment-facts.ts";
import { effectRows, outboxRows, paymentRows, publishedRows } from "./payment-rows.ts";
import { includedRows, type Rows } from "../rows/rows.ts";
import { letterFacts, type LettersRead, readLetterIds, placesOf } from "../letters.ts";
import { codecOf } from "../../../engine/app/dlq/open.ts";
import { decoderOf, lettersOf } from "../letters-of.ts";
import { readValues, type TopicReader } from "../read-values.ts";

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
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-verify" });
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 1, poolKeptIdle: 0, statementTimeoutMs });
  const audit = paymentAudit(database);
  try {
    const replays = replaysOf(database);
    const historyRead = await readGroup({ admin, config, replays }, transactionHistory.graph.name);
    const externalRead = await readGroup({ admin, config, replays }, externalData.graph.name);
    const publishedBefore = await readPublishedNumbers(audit);
    const effects = scope.platformControlUrl === undefined ? undefined : await readEffects(scope.platformControlUrl);
    const history = await readAll(audit.history);
    const { published, topicSince } = await readPaymentTopic({ admin, codec: codecOf(config) });
    const payments = await readAll(audit.payments);
    const outbox = await readOutbox(audit, publishedBefore);
    const meanwhile = await paidMeanwhile(database, { payments, outbox });
    // Now, and by the database's clock: rows are pruned by it, also while they are read.
    const now = await withSession(database, readClock);
    const included = inScope(scope.users, payments);
    const atPlace = placesOf(published);
    const [historyGroup, externalGroup] = [historyRead, externalRead].map(({ lettersRead, ...group }) => {
      return { ...group, letters: letterFacts(lettersRead, atPlace) };
    });
    if (historyGroup === undefined || externalGroup === undefined) throw new RangeError("two groups were read");
    return {
      historyGroup,
      externalGroup,
      payments: included(payments),
      outbox: included(meanwhile.size === 0 ? outbox : includedRows(outbox, (id) => !meanwhile.has(id))),
      published: included(published),
      history: included(history),
      platform: effects && included(effects),
      books: await audit.books(),
      outboxSince: now - config.outboxKeptMs,
      topicSince,
    };
  } finally {
    await database.close();
    await admin.close();
  }
};

/** The audit of millions of payments takes a while. */
const statementTimeoutMs = 60_000;

/** An id without a payment has no known user: it is always included. */
const inScope =
  (users: string, payments: Rows<PaymentId, Payment>) =>
  <T>(all: Rows<PaymentId, T>): Rows<PaymentId, T> =>
    users === "" ? all : includedRows(all, (id) => payments.get(id)?.userId.startsWith(users) ?? true);

/** Offsets first: of what is before them, the letters are there when they are read after it. */
const readGroup = async (
  { admin, config, replays }: { readonly admin: KafkaAdmin; readonly config: Config; readonly replays: Replays },
  topology: string,
): Promise<DownstreamGroup & { readonly lettersRead: LettersRead<PaymentId> }> => {
  const of = lettersOf(config, topology);
  const id = of.group;
  const committed = await admin.committedOffsets(id, paymentsCompleted.name);
  const lettersRead = await readLetterIds({ cluster: admin, replays }, of, {
    decoder: decoderOf(config, paymentsCompleted),
    // Both topologies read one topic: every value is one of its records.
    ofValue: (value) => (value as PaymentCompleted).paymentId,
  });
  const ends = await admin.endOffsets(deadLetterTopic(topology));
  return {
    id,
    committed,
    lettersRead,
    deadLetters: ends.reduce((sum, end) => sum + Number(end), 0),
  };
};

const readAll = async (each: (see: (payment: Payment) => void) => Promise<void>): Promise<Rows<PaymentId, Payment>> => {
  const all = paymentRows();
  await each((payment) => all.set(payment.paymentId, payment));
  return all;
};

const readPublishedNumbers = async (audit: PaymentAudit): Promise<ReadonlySet<number>> => {
  const published = new Set<number>();
  await audit.outbox((row) => row.published && published.add(row.outboxNo));
  return published;
};

/** Rows as they are now, published if they were then. */
const readOutbox = async (
  audit: PaymentAudit,
  published: ReadonlySet<number>,
): Promise<Rows<PaymentId, OutboxState>> => {
  const outbox = outboxRows();
  await audit.outbox(({ paymentId, outboxNo }) => {
    const before = outbox.get(paymentId) ?? { rows: 0, published: true };
    outbox.set(paymentId, { rows: before.rows + 1, published: before.published && published.has(outboxNo) });
  });
  return outbox;
};

/** Payments that were made after payments were read: their outbox rows are not rows without a payment. */
const paidMeanwhile = async (
  database: Database,
  { payments, outbox }: Pick<PaymentFacts, "payments" | "outbox">,
): Promise<ReadonlySet<PaymentId>> => {
  const unknown: PaymentId[] = [];
  for (const id of outbox.keys()) if (!payments.has(id)) unknown.push(id);
  const found = new Set<PaymentId>();
  for (let at = 0; at < unknown.length; at += findAtOnce)
    for (const id of (await paymentBook(database).find(unknown.slice(at, at + findAtOnce))).keys()) found.add(id);
  return found;
};

/** Ids of one lookup. */
const findAtOnce = 10_000;

/** Reads the topic of payments. @throws where it cannot be read */
export const readPaymentTopic = async (
  reader: TopicReader,
): Promise<Pick<PaymentFacts, "published" | "topicSince">> => {
  const published = publishedRows();
  const topicSince = await readValues(reader, paymentsCompleted, (payment, partition, offset) => {
    const first = published.get(payment.paymentId);
    if (first === undefined) published.set(payment.paymentId, { payment, partition, offset, contradicted: false });
    else if (!isDeepStrictEqual(first.payment, payment))
      published.set(payment.paymentId, { ...first, contradicted: true });
  });
  return { published, topicSince };
};

/** How long the platform may take to answer. */
const platformTimeoutMs = 30_000;

/** Asks a stand-in platform, by its control address, how often each payment took effect. @throws CliError (PLATFORM_AWAY) */
export const readEffects = async (controlUrl: string): Promise<Rows<PaymentId, number>> => {
  const url = new URL("/effects", controlUrl);
  try {
    const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(platformTimeoutMs) });
    if (statusCode !== 200) throw new TypeError(`it answered ${statusCode}`);
    const effects = effectRows();
    for await (const line of createInterface({ input: body })) {
      if (line === "") continue;
      // The format of the stand-in: an id it was sent, and how often it took effect.
      const [paymentId, count] = JSON.parse(line) as readonly [PaymentId, number];
      effects.set(paymentId, count);
    }
    return effects;
  } catch (cause) {
    throw new CliError(`the platform at ${url.href} did not answer: ${String(cause)}`, {
      code: "PLATFORM_AWAY",
      fix: "Give the control address of a running `sluice platform`, or leave it out.",
      cause,
    });
  }
};
