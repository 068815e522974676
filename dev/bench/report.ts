/** What can be measured, and what a run of the benchmark answers. */
import type { ApiRun } from "./coupons/api.ts";
import type { DesignRun, RatedRun } from "./coupons/measure-baselines.ts";
import type { DeliveryReport } from "./payments/delivery.ts";
import type { DrainRun } from "./coupons/drain.ts";
import type { FloorRun } from "./floors/floor.ts";
import type { GateRun } from "./coupons/gate.ts";
import type { InTurn } from "./in-turn.ts";
import type { HistoryRun } from "./payments/history.ts";
import type { BesideReplay } from "./ops/beside-replay.ts";
import type { CommandRun } from "./ops/commands.ts";
import type { TableRun } from "./coupons/tables.ts";
import type { VerdictRun } from "./coupons/verdicts.ts";
import type { PaymentsReport } from "./payments/payments.ts";

/** What can be measured, and what each is. */
export const about = {
  baseline: "coupons issued record by record, for the ratio",
  baselines: "three other designs: record by record, batches with p-limit, a sorted-set queue",
  floors: "what the parts alone do: fetch, produce, one script, one transaction",
  hot: "one hot coupon",
  safety: "hot, in turn with and without leases and upkeep",
  duplicates: "hot, and 10 % of the users ask twice",
  uniform: "1,000 coupons, asked for alike",
  zipf: "1,000 coupons, the n-th asked for 1/n as often",
  poison: "hot, and 1 % of the records malformed",
  tail: "hot, sold out after 10 %",
  backlog: "uniform, with a million records waiting",
  keys: "the same requests for 1 to 10,000 coupons, beside the baseline",
  gate: "units through a gate of 64 MB, without a database",
  api: "requests for coupons that one API accepts",
  latency: "how long until a request is accepted, and until its verdict is known",
  payments: "payments through one API, beside one by one; the relay",
  history: "payments to remember, beside one INSERT a record",
  ops: "operators' commands over 100,000 dead letters; live records beside a replay",
  delivery: "payments to a slow platform, beside one after the other",
  tables: "hot, beside an empty table and beside 1, 3 and 10 million rows",
} as const;

/** One of {@link about}. */
export type Measurement = keyof typeof about;

// Object.keys answers strings; these are the keys written above.
/** Their names, in the order in which they are measured. */
export const measurements = Object.keys(about) as readonly Measurement[];

/** Everything that was measured in one run. */
export interface BenchReport {
  readonly baseline: RatedRun | undefined;
  /** Other designs for one hot coupon, the baseline first. */
  readonly baselines: readonly DesignRun[];
  /** The parts of a round alone, in the order in which they were measured. */
  readonly floors: readonly FloorRun[];
  readonly drains: readonly DrainRun[];
  /** The hot coupon, with and without what fences and repairs. */
  readonly safety: InTurn | undefined;
  /** By number of coupons, from the fewest. */
  readonly keys: readonly KeyRun[];
  readonly gate: GateRun | undefined;
  readonly api: readonly ApiRun[];
  /** By requests a second, from the fewest. */
  readonly latency: readonly LatencyRun[];
  /** In the order in which they were measured. */
  readonly verdicts: readonly VerdictRun[];
  readonly payments: PaymentsReport | undefined;
  readonly history: HistoryRun | undefined;
  readonly delivery: DeliveryReport | undefined;
  readonly ops: OpsRun | undefined;
  /** By rows that were there, from the fewest. */
  readonly tables: readonly TableRun[];
}

/** A report of a run that measured nothing. */
export const emptyReport: BenchReport = {
  ...{
    baseline: undefined,
    baselines: [],
    floors: [],
    drains: [],
    safety: undefined,
    keys: [],
    gate: undefined,
    api: [],
  },
  ...{ latency: [], verdicts: [], payments: undefined, history: undefined, delivery: undefined, ops: undefined },
  tables: [],
};

/** One hot coupon, or so many that are asked for alike. */
export interface KeyRun extends DrainRun {
  readonly coupons: number;
}

/** Requests by a schedule that waits for no answer. */
export interface LatencyRun extends ApiRun {
  readonly perSecond: number;
}

/** The operators' commands, and what a replay costs live records. */
export interface OpsRun {
  /** Dead letters that were there. */
  readonly letters: number;
  readonly commands: readonly CommandRun[];
  readonly besideReplay: BesideReplay;
}

/** Whether every run kept every promise. */
export const isSound = ({
  baseline,
  baselines,
  drains,
  keys,
  safety,
  gate,
  api,
  latency,
  verdicts,
  payments,
  history,
  delivery,
  ops,
  tables,
}: BenchReport): boolean =>
  [
    ...[...drains, ...keys, ...tables, ...(safety?.with ?? []), ...(safety?.without ?? [])],
    ...(gate === undefined ? [] : [gate]),
    ...(payments?.runs ?? []),
    ...(history === undefined ? [] : [history]),
    ...(delivery?.runs ?? []),
    ...(ops?.besideReplay.with ?? []),
    ...(ops?.besideReplay.without ?? []),
  ].every(({ broken }) => broken.length === 0) &&
  [...(baseline === undefined ? [] : [baseline]), ...baselines].every(({ records, issued }) => records === issued) &&
  [...api, ...latency].every(({ requests, accepted }) => requests === accepted) &&
  verdicts.every(({ requests, issued }) => requests === issued) &&
  [...(payments?.runs ?? []), ...(payments?.baseline ?? [])].every(({ orders, paid }) => orders === paid);
