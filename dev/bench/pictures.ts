/** Figures of the benchmark that are kept for the documents, and the charts that are drawn of them. Pure. */
import { count } from "../../engine/app/cli.ts";
import { drawLineChart } from "../charts/line-chart.ts";
import type { BenchReport } from "./report.ts";

/** When, and on what, figures were made. */
interface Made {
  /** The day, UTC. */
  readonly on: string;
  readonly machine: string;
  /** Programs that wanted its cores as the run began. */
  readonly load: number;
}

/** What docs/benchmarks.json holds: the last sound run of each. */
export interface KeptFigures {
  readonly keys?: Made & {
    readonly requests: number;
    readonly baselinePerSecond: number;
    readonly runs: readonly { readonly coupons: number; readonly issuedPerSecond: number }[];
  };
  readonly tables?: Made & {
    readonly requests: number;
    readonly runs: readonly { readonly rows: number; readonly issuedPerSecond: number }[];
  };
  readonly latency?: Made & {
    readonly runs: readonly { readonly perSecond: number; readonly p50: number; readonly p99: number }[];
  };
}

/** The kept figures with those of a report in their place. What was not measured stays as it was. */
export const keptWith = (
  kept: KeptFigures,
  { keys, latency, tables, baseline }: BenchReport,
  made: Made,
): KeptFigures => ({
  ...kept,
  ...(keys.length === 0 || baseline === undefined
    ? {}
    : {
        keys: {
          ...made,
          requests: Math.max(...keys.map(({ requests }) => requests)),
          baselinePerSecond: baseline.issuedPerSecond,
          runs: keys.map(({ coupons, issuedPerSecond }) => ({ coupons, issuedPerSecond })),
        },
      }),
  ...(tables.length === 0
    ? {}
    : {
        tables: {
          ...made,
          requests: Math.max(...tables.map(({ requests }) => requests)),
          runs: tables.map(({ rows, issuedPerSecond }) => ({ rows, issuedPerSecond })),
        },
      }),
  ...(latency.length === 0
    ? {}
    : {
        latency: {
          ...made,
          runs: latency.map(({ perSecond, latencyMs: { p50, p99 } }) => ({ perSecond, p50, p99 })),
        },
      }),
});

/** The charts of kept figures, by the name of their file in docs/pictures. */
export const benchPictures = (kept: KeptFigures): ReadonlyMap<string, string> =>
  new Map([
    ...(kept.keys === undefined ? [] : [["issued-by-coupons.svg", drawKeys(kept.keys)] as const]),
    ...(kept.tables === undefined ? [] : [["issued-by-rows.svg", drawTables(kept.tables)] as const]),
    ...(kept.latency === undefined ? [] : [["latency-by-load.svg", drawLatency(kept.latency)] as const]),
  ]);

const machineText = ({ on, machine, load }: Made): string => `${machine}, load ${load} before, ${on}`;

const drawKeys = ({ runs, baselinePerSecond, ...made }: NonNullable<KeptFigures["keys"]>): string =>
  drawLineChart({
    title: "Coupons issued a second, by number of coupons asked for",
    note: `one worker; ${machineText(made)}`,
    across: "distinct coupons, which are distinct keys",
    byTens: true,
    series: [
      { name: "in rounds", values: true, points: runs.map(({ coupons: x, issuedPerSecond: y }) => ({ x, y })) },
      {
        // Measured on one coupon: a loop takes one record at a time, whosever it is.
        name: `record by record, of one: ${count(baselinePerSecond)}`,
        isReference: true,
        points: runs.map(({ coupons }) => ({ x: coupons, y: baselinePerSecond })),
      },
    ],
  });

const drawTables = ({ runs, ...made }: NonNullable<KeptFigures["tables"]>): string =>
  drawLineChart({
    title: "Coupons issued a second, by rows that are in the table",
    note: `one worker, one hot coupon; ${machineText(made)}`,
    across: "million rows of user coupons",
    series: [
      { name: "in rounds", values: true, points: runs.map(({ rows, issuedPerSecond: y }) => ({ x: rows / 1e6, y })) },
    ],
  });

const drawLatency = ({ runs, ...made }: NonNullable<KeptFigures["latency"]>): string =>
  drawLineChart({
    title: "Milliseconds until a request is accepted, by load",
    note: `one API, from the moment a request was due; ${machineText(made)}`,
    across: "requests a second",
    series: [
      { name: "p50", points: runs.map(({ perSecond: x, p50: y }) => ({ x, y })) },
      { name: "p99", values: true, points: runs.map(({ perSecond: x, p99: y }) => ({ x, y })) },
    ],
  });
