/** How fast a worker remembers payments from a preloaded topic, beside one INSERT a record. */
import { setTimeout as sleep } from "node:timers/promises";
import type avro from "avsc";
import { PaymentCompleted } from "../../../schemas/payment.ts";
import { openDatabase } from "../../../stores/mysql/database.ts";
import { note } from "../../../engine/app/cli.ts";
import { runHistoryBaseline } from "./baseline.ts";
import { type HistoryRows, historyRows } from "./history-rows.ts";
import { appendPayments, emptyTopic, makePayments, withCopies } from "./payment-events.ts";
import type { Stage } from "../stage.ts";
import { type Usage, usageOf } from "../usage.ts";
import { whileItLives } from "../while-it-lives.ts";

/** How much is measured. */
export interface HistoryOptions {
  readonly payments: number;
  /** Records of the baseline: it does some hundreds a second. */
  readonly baselineRecords: number;
  readonly signal: AbortSignal;
}

/** What remembering came to. */
export interface HistoryRun {
  /** Payments, each of which has a row afterwards. */
  readonly payments: number;
  /** Records beyond one a payment that the topic held. */
  readonly copies: number;
  /** From the first rows that were seen to the last one. */
  readonly seconds: number;
  readonly rowsPerSecond: number;
  /** User and system time of the worker, start-up included, by payment. */
  readonly workerCpuMicros: number;
  readonly workerPeakMb: number;
  /** What the table has that the topic has not, and the other way round; a run with any counts for nothing. */
  readonly broken: readonly string[];
  /** One INSERT a record, in the same run. */
  readonly baseline: { readonly records: number; readonly seconds: number; readonly rowsPerSecond: number };
  readonly ratio: number;
}

/** One record in so many comes twice. */
const copyEvery = 100;

/** Preloads the topic, has a worker of a group of its own drain it, and compares the table to what was preloaded. */
export const measureHistory = async (stage: Stage, prefix: string, options: HistoryOptions): Promise<HistoryRun> => {
  const baseline = await measureBaseline(stage, prefix, options.baselineRecords);
  await emptyTopic(stage);
  const payments = makePayments(prefix, options.payments);
  const records = withCopies(payments, copyEvery);
  note(`history: ${payments.length} payments and ${records.length - payments.length} copies of some`);
  await appendPayments(stage, records);
  const database = openDatabase({ databaseUrl: stage.config.databaseUrl, statementTimeoutMs: 60_000 });
  try {
    const rows = historyRows(database, payments);
    const { seconds, counted, usage } = await drain(stage, { prefix, rows, wanted: payments.length }, options.signal);
    const rowsPerSecond = Math.round(counted / seconds);
    return {
      payments: payments.length,
      copies: records.length - payments.length,
      seconds: Math.round(seconds * 100) / 100,
      rowsPerSecond,
      workerCpuMicros: Math.round((usage.cpuSeconds * 1e7) / payments.length) / 10,
      workerPeakMb: Math.round(usage.peakRssBytes / 1_048_576),
      broken: await rows.compare(),
      baseline,
      ratio: Math.round((rowsPerSecond / baseline.rowsPerSecond) * 10) / 10,
    };
  } finally {
    await database.close();
  }
};

interface Drain {
  readonly prefix: string;
  readonly rows: HistoryRows;
  readonly wanted: number;
}

const drain = async (stage: Stage, { prefix, rows, wanted }: Drain, signal: AbortSignal) => {
  const how = { args: ["--topology", "transaction-history"], env: { SLUICE_GROUP_PREFIX: prefix } };
  const { child } = await stage.start("worker", how);
  let usage: Usage;
  try {
    const took = await whileItLives(child, signal, (until) => untilThere(rows, wanted, until));
    usage = await usageOf(child.pid);
    return { ...took, usage };
  } finally {
    await child.stop();
  }
};

/** The rows that are there when some are first seen count for nothing: the clock starts with them. */
const untilThere = async ({ sample, count }: HistoryRows, wanted: number, signal: AbortSignal) => {
  const until = async (seen: () => Promise<boolean>, everyMs: number): Promise<void> => {
    while (!(await seen())) await sleep(everyMs, undefined, { signal });
  };
  await until(async () => (await sample()) !== "none", 5);
  const before = await count();
  const startedAt = performance.now();
  await until(async () => (await sample()) === "all", 20);
  await until(async () => (await count()) === wanted, 5);
  return { seconds: Math.max(0.001, (performance.now() - startedAt) / 1_000), counted: wanted - before };
};

const measureBaseline = async (stage: Stage, prefix: string, records: number): Promise<HistoryRun["baseline"]> => {
  note(`history: ${records} payments, one INSERT each`);
  const sourceTopic = `${prefix}-history-baseline`;
  await stage.admin.ensureTopics([{ name: sourceTopic, partitions: 1 }]);
  await appendPayments(stage, makePayments(prefix, records), sourceTopic);
  const { issued, seconds } = await runHistoryBaseline({
    endpoints: stage.endpoints,
    signal: stage.signal,
    sourceTopic,
    name: `${prefix}-history-baseline`,
    records,
    // Our declarations are plain Avro; avsc's type of the same JSON is mutable.
    paymentSchema: PaymentCompleted.avro as avro.Schema,
  });
  return {
    records: issued,
    seconds: Math.round(seconds * 100) / 100,
    rowsPerSecond: Math.round(issued / seconds),
  };
};
