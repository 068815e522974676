/** Payments and what follows them, as tables for people; broken promises go to stderr. */
import { count, formatTable, note } from "../../engine/app/cli.ts";
import type { DeliveryReport } from "./payments/delivery.ts";
import type { HistoryRun } from "./payments/history.ts";
import type { PaymentsReport } from "./payments/payments.ts";
import { latencies } from "./show-values.ts";

/** Loads on the API, and the relay. */
export const showPayments = ({ runs, baseline, relay }: PaymentsReport): string => {
  show(runs.map(({ load, broken }) => ({ about: load, broken })));
  const right = ["paid", "paid/s", "baseline", "p50", "p99", "max", "API CPU"];
  const rows = runs.map((run) => [
    run.load,
    `${count(run.paid)} of ${count(run.orders)}`,
    count(run.paidPerSecond),
    `${run.ratio.toFixed(1)}x`,
    ...latencies(run),
    `${run.apiCpuMicros} us`,
  ]);
  const base = baseline.map(({ load, orders, paid, paidPerSecond, latencyMs }) => [
    `baseline, ${load}`,
    `${count(paid)} of ${count(orders)}`,
    count(paidPerSecond),
    "1.0x",
    ...latencies({ latencyMs }),
    "",
  ]);
  const { rows: published, seconds, rowsPerSecond } = relay;
  const table = formatTable(["payments", ...right], [...base, ...rows], { right });
  return `${table}\nrelay: ${count(published)} rows in ${seconds} s, ${count(rowsPerSecond)} rows/s`;
};

/** The history, and its baseline. */
export const showHistory = (run: HistoryRun): string => {
  show([{ about: "history", broken: run.broken }]);
  const right = ["rows", "time", "rows/s", "baseline", "CPU/row", "peak"];
  const { baseline } = run;
  const base = [count(baseline.records), `${baseline.seconds} s`, count(baseline.rowsPerSecond), "1.0x", "", ""];
  const own = [count(run.payments), `${run.seconds} s`, count(run.rowsPerSecond), `${run.ratio.toFixed(1)}x`];
  return formatTable(
    ["history", ...right],
    [
      ["baseline, one INSERT a record", ...base],
      [`from the topic, ${count(run.copies)} copies`, ...own, `${run.workerCpuMicros} us`, `${run.workerPeakMb} MB`],
    ],
    { right },
  );
};

/** Loads of deliveries; in flight are medians. */
export const showDelivery = ({ runs, ratio }: DeliveryReport): string => {
  show(runs.map(({ load, broken }) => ({ about: load, broken })));
  const right = [
    "delivered",
    "time",
    "/s",
    "of limit",
    "sent",
    "nearly all",
    "CPU",
    "peak",
    "at the platform",
    "its CPU",
  ];
  const rows = runs.map((run) => [
    `${run.load}, ${run.latencyMs} ms`,
    count(run.payments + run.copies),
    `${run.seconds} s`,
    count(run.deliveriesPerSecond),
    percent(run.ofLimit),
    String(run.sent.median),
    percent(run.sent.fullShare),
    `${run.workerCpuMicros} us`,
    `${run.workerPeakMb} MB`,
    String(run.held.median),
    `${run.platformCpuMicros} us`,
  ]);
  return `${formatTable(["delivery", ...right], rows, { right })}\nmany in flight by one after the other: ${ratio}x`;
};

const percent = (share: number | undefined): string => (share === undefined ? "" : `${(share * 100).toFixed(1)} %`);

const show = (runs: readonly { readonly about: string; readonly broken: readonly string[] }[]): void => {
  for (const { about, broken } of runs) if (broken.length > 0) note(`BROKEN in ${about}: ${broken.join("; ")}`);
};
