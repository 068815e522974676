/** A report of the benchmark as tables for people. */
import { count, formatTable, note, print } from "../../engine/app/cli.ts";
import type { BenchReport } from "./report.ts";
import { showBaselines } from "./show-baselines.ts";
import { showDrains } from "./show-drains.ts";
import { showFloors } from "./show-floors.ts";
import { showDelivery, showHistory, showPayments } from "./show-payments.ts";
import { showOps } from "./show-ops.ts";
import { latencies } from "./show-values.ts";

/** Prints the tables, and on stderr whatever promise was broken. */
export const showReport = (report: BenchReport): void => {
  const { drains, keys, safety, gate, api, latency, verdicts, payments, history, delivery, ops } = report;
  const parts = [
    ...showDrains(report),
    report.baselines.length > 0 && showBaselines(report.baselines),
    report.floors.length > 0 && showFloors(report.floors),
    safety && showSafety(safety),
    gate && showGate(gate),
    api.length + latency.length > 0 && showApi([...api, ...latency]),
    verdicts.length > 0 && showVerdicts(verdicts),
    payments && showPayments(payments),
    history && showHistory(history),
    delivery && showDelivery(delivery),
    ops && showOps(ops),
    report.tables.length > 0 && showTables(report.tables),
  ];
  for (const part of parts) if (typeof part === "string") print(`\n${part}`);
  for (const what of gate?.broken ?? []) note(`BROKEN in gate: ${what}`);
  for (const { about, broken } of [...drains, ...keys, ...report.tables])
    for (const { claim, examples } of broken) note(`BROKEN in ${about}: ${claim}: ${examples.join("; ")}`);
};

const showTables = (tables: BenchReport["tables"]): string => {
  const right = ["issued/s", "worker CPU", "database CPU"];
  const rows = tables.map(({ rows: before, issuedPerSecond, workerCpuMicros, cpuMicros }) => [
    ...[count(before), count(issuedPerSecond), `${workerCpuMicros} us`, `${cpuMicros.database} us`],
  ]);
  return formatTable(["one hot coupon beside rows", ...right], rows, { right });
};

const showSafety = ({ with: safe, without, ratio }: NonNullable<BenchReport["safety"]>): string => {
  const rows = [
    ["without", ...without.map(rateOf)],
    ["with", ...safe.map(rateOf)],
  ];
  const turns = safe.map((_, at) => `run ${at + 1}`);
  const table = formatTable(["leases and upkeep", ...turns], rows, { right: turns });
  return `${table}\nmedian with by median without: ${ratio}`;
};

const rateOf = ({ issuedPerSecond }: { readonly issuedPerSecond: number }): string => `${count(issuedPerSecond)}/s`;

const showGate = ({ units, maxMemoryMb, memoryMb, ...run }: NonNullable<BenchReport["gate"]>): string => {
  const right = ["units", "time", "units/s", "Redis CPU/unit", "MB before", "at most", "after"];
  const { before, most, after } = memoryMb;
  const row = [`of ${maxMemoryMb} MB`, count(units), `${run.seconds} s`, count(run.unitsPerSecond)];
  const held = [before, most, after].map(String);
  return formatTable(["gate", ...right], [[...row, `${run.redisCpuMicros} us`, ...held]], { right });
};

const showApi = (api: BenchReport["api"]): string => {
  const right = ["accepted", "accepted/s", "p50", "p99", "max"];
  return formatTable(
    ["API load", ...right],
    api.map((run) => [
      run.load,
      `${count(run.accepted)} of ${count(run.requests)}`,
      count(run.acceptedPerSecond),
      ...latencies(run),
    ]),
    { right },
  );
};

const showVerdicts = (verdicts: BenchReport["verdicts"]): string => {
  const right = ["202 p50", "verdict p50", "p99", "worker CPU", "API CPU", "rounds/s", "CPU a round"];
  const rows = verdicts.map(({ perSecond, share, acceptedMs, verdictMs, cpuPercent, ...run }) => [
    share === undefined ? count(perSecond) : `${count(perSecond)} (${share * 100} % of full load)`,
    ...(run.requests === 0 ? ["", "", ""] : [acceptedMs.p50, verdictMs.p50, verdictMs.p99].map((ms) => `${ms} ms`)),
    `${cpuPercent.worker} %`,
    `${cpuPercent.api} %`,
    count(run.roundsPerSecond),
    run.roundsPerSecond === 0 ? "" : `${run.cpuMsARound} ms`,
  ]);
  return formatTable(["verdicts, requests/s", ...right], rows, { right });
};
