/** How a worker delivers payments to a platform that takes its time, beside one request after the other. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PaymentCompleted } from "../../../schemas/payment.ts";
import { quantile } from "../../demo/summary.ts";
import { note } from "../../../engine/app/cli.ts";
import { paymentsPath } from "../../platform/servers.ts";
import type { PlatformReport } from "../../platform/effects.ts";
import { appendPayments, emptyTopic, makePayments, withCopies } from "./payment-events.ts";
import type { Stage } from "../stage.ts";
import { usageOf } from "../usage.ts";
import { whileItLives } from "../while-it-lives.ts";

/** One load of deliveries. */
export interface DeliveryRun {
  readonly load: string;
  readonly payments: number;
  /** Records beyond one a payment that the topic held; each is a request without an effect. */
  readonly copies: number;
  /** Before each answer of the platform, ms. */
  readonly latencyMs: number;
  /** Requests that may be in flight. */
  readonly concurrency: number;
  /** From the first deliveries that were seen to the last one. */
  readonly seconds: number;
  readonly deliveriesPerSecond: number;
  /** Share of `concurrency / latencyMs`, which cannot be exceeded; undefined without latency. */
  readonly ofLimit: number | undefined;
  /** Requests that the worker has sent and not heard of, by its own gauge. */
  readonly sent: InFlight;
  /** Requests that the platform has and did not answer yet: fewer, by what is on its way or waits for a core. */
  readonly held: InFlight;
  /** User and system time by payment, start-up included. */
  readonly workerCpuMicros: number;
  readonly workerPeakMb: number;
  /** Of the stand-in: it shares the cores. */
  readonly platformCpuMicros: number;
  readonly broken: readonly string[];
}

/** Requests in flight, looked at again and again between the first and the last ones. */
export interface InFlight {
  readonly samples: number;
  readonly median: number;
  readonly max: number;
  /** Share of the samples with nearly all that may be in flight: 15 of 16. */
  readonly fullShare: number;
}

/** What deliveries came to. */
export interface DeliveryReport {
  readonly runs: readonly DeliveryRun[];
  /** Deliveries with all requests in flight, by those one after the other; `latencyMs` is the same. */
  readonly ratio: number;
}

interface Load {
  readonly load: string;
  readonly payments: number;
  readonly latencyMs: number;
  readonly concurrency: number;
}

const latencyMs = 50;
const concurrency = 64;

const serial: Load = { load: "one request after the other", payments: 200, latencyMs, concurrency: 1 };
const parallel: Load = { load: `${concurrency} in flight`, payments: 20_000, latencyMs, concurrency };
const instant: Load = { load: "a platform without latency", payments: 50_000, latencyMs: 0, concurrency };

/** One record in so many comes twice. */
const copyEvery = 100;

/** Delivers three loads, each to a platform of its own. */
export const measureDelivery = async (stage: Stage, prefix: string, signal: AbortSignal): Promise<DeliveryReport> => {
  const slow = await deliver(stage, `${prefix}-serial`, { ...serial, signal });
  const fast = await deliver(stage, `${prefix}-parallel`, { ...parallel, signal });
  const most = await deliver(stage, `${prefix}-instant`, { ...instant, signal });
  const ratio = Math.round((fast.deliveriesPerSecond / slow.deliveriesPerSecond) * 10) / 10;
  return { runs: [slow, fast, most], ratio };
};

const deliver = async (stage: Stage, prefix: string, own: Load & { readonly signal: AbortSignal }) => {
  note(`delivery: ${own.payments} payments, ${own.load}`);
  await emptyTopic(stage);
  const payments = makePayments(prefix, own.payments);
  const records = withCopies(payments, copyEvery);
  await appendPayments(stage, records);
  const platform = await stage.start("platform", { args: ["--max-payments", String(2 * own.payments)] });
  try {
    await setLatency(platform.healthUrl, own.latencyMs);
    const env = {
      SLUICE_GROUP_PREFIX: prefix,
      SLUICE_PLATFORM_URL: platform.url + paymentsPath,
      SLUICE_PLATFORM_CONCURRENCY: String(own.concurrency),
    };
    const worker = await stage.start("worker", { args: ["--topology", "external-data"], env });
    try {
      const urls = { platform: platform.healthUrl, worker: worker.healthUrl };
      const samples = await whileItLives(worker.child, own.signal, (until) => watch(urls, records.length, until));
      const usages = { worker: await usageOf(worker.child.pid), platform: await usageOf(platform.child.pid) };
      const broken = await brokenIn(platform.healthUrl, payments);
      return summary(own, { samples, usages, broken, copies: records.length - payments.length });
    } finally {
      await worker.child.stop();
    }
  } finally {
    await platform.child.stop();
  }
};

const setLatency = async (controlUrl: string, latency: number): Promise<void> => {
  const answer = await fetch(`${controlUrl}/faults`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ latencyMs: latency }),
  });
  if (!answer.ok) throw new Error(`the platform refused its latency: ${answer.status} ${await answer.text()}`);
  await answer.body?.cancel();
};

interface Sample {
  readonly at: number;
  /** See {@link DeliveryRun}. */
  readonly sent: number;
  readonly held: number;
  readonly done: number;
}

/** Looks until every record was answered; not in step with the platform's latency, which would show one phase of it only. */
const watch = async (
  urls: { readonly platform: string; readonly worker: string },
  records: number,
  signal: AbortSignal,
): Promise<readonly Sample[]> => {
  const samples: Sample[] = [];
  for (;;) {
    const { effects, repeated, inFlight: held } = await reportOf(urls.platform);
    const at = performance.now();
    const done = effects + repeated;
    if (done > 0) samples.push({ at, sent: await sentBy(urls.worker), held, done });
    if (done >= records) return samples;
    await sleep(20 + Math.random() * 60, undefined, { signal });
  }
};

const sentBy = async (workerUrl: string): Promise<number> => {
  const metrics = await (await fetch(`${workerUrl}/metrics`)).text();
  return Number(/^sluice_deliveries_in_flight (\d+)$/m.exec(metrics)?.[1]);
};

const reportOf = async (controlUrl: string): Promise<PlatformReport> => {
  const answer = await fetch(`${controlUrl}/report`);
  // Our own process's answer.
  return (await answer.json()) as PlatformReport;
};

const brokenIn = async (controlUrl: string, payments: readonly PaymentCompleted[]): Promise<readonly string[]> => {
  const report = await reportOf(controlUrl);
  const text = await (await fetch(`${controlUrl}/effects`)).text();
  // Our own process's answer: a line a payment, of its id and how often it took effect.
  const effects = new Map(
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as [string, number]),
  );
  const own = new Set<string>(payments.map(({ paymentId }) => paymentId));
  const counts = {
    "payments that did not take effect once": payments.filter(({ paymentId }) => effects.get(paymentId) !== 1).length,
    "unknown payments that took effect": [...effects.keys()].filter((id) => !own.has(id)).length,
    "keys that came back with another document": report.differing,
    "requests that are not of the contract": report.malformed,
  };
  return Object.entries(counts).flatMap(([what, n]) => (n === 0 ? [] : [`${what}: ${n}`]));
};

interface Seen {
  readonly samples: readonly Sample[];
  readonly usages: Readonly<Record<"worker" | "platform", Awaited<ReturnType<typeof usageOf>>>>;
  readonly broken: readonly string[];
  readonly copies: number;
}

const summary = ({ load, payments, latencyMs: latency, concurrency: most }: Load, seen: Seen): DeliveryRun => {
  const { samples, usages, broken, copies } = seen;
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError("a load without a delivery");
  const seconds = Math.max(0.001, (last.at - first.at) / 1_000);
  const perSecond = (last.done - first.done) / seconds;
  // Without the end, when there is less left to send than may be in flight.
  const counted = samples.filter(({ done }) => done + 2 * most < payments + copies);
  const micros = (cpuSeconds: number): number => Math.round((cpuSeconds * 1e6) / (payments + copies));
  return {
    load,
    payments,
    copies,
    latencyMs: latency,
    concurrency: most,
    seconds: Math.round(seconds * 100) / 100,
    deliveriesPerSecond: Math.round(perSecond * 10) / 10,
    ofLimit: latency === 0 ? undefined : Math.round((perSecond / ((most * 1_000) / latency)) * 1_000) / 1_000,
    sent: inFlightIn(
      counted.map(({ sent }) => sent),
      most,
    ),
    held: inFlightIn(
      counted.map(({ held }) => held),
      most,
    ),
    workerCpuMicros: micros(usages.worker.cpuSeconds),
    workerPeakMb: Math.round(usages.worker.peakRssBytes / 1_048_576),
    platformCpuMicros: micros(usages.platform.cpuSeconds),
    broken,
  };
};

const inFlightIn = (seen: readonly number[], most: number): InFlight => {
  const sorted = seen.toSorted((a, b) => a - b);
  const full = sorted.filter((n) => n >= (most * 15) / 16).length;
  return {
    samples: sorted.length,
    median: quantile(sorted, 0.5),
    max: quantile(sorted, 1),
    fullShare: Math.round((full / Math.max(1, sorted.length)) * 1_000) / 1_000,
  };
};
