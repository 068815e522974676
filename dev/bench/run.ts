/** The benchmark: which measurements there are, in which order, and whether they count. */
import { note } from "../../engine/app/cli.ts";
import { type ApiRun, measureApi } from "./coupons/api.ts";
import { type DrainRun, drain } from "./coupons/drain.ts";
import { measureGate } from "./coupons/gate.ts";
import { measureBaseline, measureDesigns } from "./coupons/measure-baselines.ts";
import { measureFloors } from "./floors/measure.ts";
import { measureDelivery } from "./payments/delivery.ts";
import { measureHistory } from "./payments/history.ts";
import { measurePayments, type PaymentsReport } from "./payments/payments.ts";
import {
  type BenchReport,
  emptyReport,
  type KeyRun,
  type LatencyRun,
  type Measurement,
  type OpsRun,
} from "./report.ts";
import { inTurn, type InTurn } from "./in-turn.ts";
import { measureBesideReplay } from "./ops/beside-replay.ts";
import { measureCommands } from "./ops/commands.ts";
import { measureStartCheck } from "./ops/start-check.ts";
import { writeLetters } from "./ops/letters.ts";
import { measureTables } from "./coupons/tables.ts";
import { measureVerdicts, type VerdictRun } from "./coupons/verdicts.ts";
import { duplicates, hot, poison, type Scenario, tail, uniform, zipf } from "./scenarios.ts";
import { setStage, type Stage } from "./stage.ts";

/** What to measure, and how much. */
export interface BenchOptions {
  readonly only: readonly Measurement[];
  /** Requests of a workload. */
  readonly requests: number;
  /** How often each workload is run, all of them in turn. */
  readonly runs: number;
  /** Requests that a worker has had before a workload is measured; 0: it starts cold. */
  readonly warmUp: number;
  /** Units that go through the gate alone. */
  readonly gateUnits: number;
  /** Records of the baseline: it does a few hundred a second. */
  readonly baselineRecords: number;
  /** Payments that the history is to remember. */
  readonly payments: number;
  readonly signal: AbortSignal;
}

type OnStage = Omit<BenchReport, "gate">;

/**
 * Measures, on a stack of its own, which is left up for the next run; the gate on a Redis of its own.
 * @throws with what does not come up.
 */
export const runBench = async (options: BenchOptions): Promise<BenchReport> => {
  const isGate = options.only.includes("gate");
  if (isGate) note(`gate: ${options.gateUnits} units`);
  const gate = isGate ? await measureGate(options.gateUnits, options.signal) : undefined;
  const onStage = options.only.some((name) => name !== "gate") ? await runOnStage(options) : emptyReport;
  return { ...onStage, gate };
};

const runOnStage = async (options: BenchOptions): Promise<OnStage> => {
  const stage = await setStage(options.signal);
  // Coupons of their own for every run, so that the stack may see many.
  const prefix = `b${Date.now().toString(36)}`;
  const wanted = (name: Measurement): boolean => options.only.includes(name);
  try {
    const sizes = { prefix, baselineRecords: options.baselineRecords };
    const isCompared = wanted("baseline") || wanted("baselines") || wanted("keys");
    const baseline = isCompared ? await measureBaseline(stage, sizes) : undefined;
    const baselines = baseline && wanted("baselines") ? await measureDesigns(stage, baseline, sizes) : [];
    const floors = wanted("floors") ? await measureFloors(stage, prefix) : [];
    const drains = await measureDrains(stage, prefix, options);
    const keys = wanted("keys") ? await measureKeys(stage, prefix, options) : [];
    const safety = wanted("safety") ? await measureSafety(stage, prefix, options) : undefined;
    const api = wanted("api") ? await apiRuns(stage, prefix) : [];
    const latency = wanted("latency") ? await latencyRuns(stage, prefix) : [];
    const verdicts = wanted("latency") ? await verdictRuns(stage, prefix) : [];
    const payments = wanted("payments") ? await paymentRuns(stage, prefix, options.signal) : undefined;
    const history = wanted("history") ? await measureHistory(stage, prefix, options) : undefined;
    const delivery = wanted("delivery") ? await measureDelivery(stage, prefix, options.signal) : undefined;
    const ops = wanted("ops") ? await measureOps(stage, prefix, options) : undefined;
    const tables = wanted("tables") ? await measureTables(stage, prefix, options) : [];
    return {
      baseline,
      baselines,
      floors,
      drains,
      keys,
      safety,
      api,
      latency,
      verdicts,
      payments,
      history,
      delivery,
      ops,
      tables,
    };
  } finally {
    await stage.close();
  }
};

/** In turn, so that what the machine does meanwhile is shared among all. */
const measureDrains = async (stage: Stage, prefix: string, options: BenchOptions): Promise<readonly DrainRun[]> => {
  const drains: DrainRun[] = [];
  for (let turn = 1; turn <= options.runs; turn++)
    for (const [name, scenario] of scenariosOf(turn === 1 ? prefix : `${prefix}-${turn}`, options.requests)) {
      if (!options.only.includes(name)) continue;
      note(
        `${name}: ${scenario.requests} requests, ${scenario.about}${options.runs === 1 ? "" : ` (${turn} of ${options.runs})`}`,
      );
      drains.push(await drain(stage, scenario, options));
    }
  return drains;
};

const scenariosOf = (prefix: string, requests: number): readonly (readonly [Measurement, Scenario])[] => [
  ["hot", hot(prefix, requests)],
  ["duplicates", duplicates(prefix, Math.floor(requests / 110) * 100)],
  ["uniform", uniform(prefix, requests)],
  ["zipf", zipf(prefix, requests)],
  ["poison", poison(prefix, requests)],
  ["tail", tail(prefix, requests)],
  ["backlog", uniform(`${prefix}-back`, 1_000_000)],
];

/** From one hot coupon to as many as a busy day has. */
const keyCounts = [1, 10, 100, 1_000, 10_000];

const measureKeys = async (stage: Stage, prefix: string, options: BenchOptions): Promise<readonly KeyRun[]> => {
  const runs: KeyRun[] = [];
  for (const coupons of keyCounts) {
    note(`keys: ${options.requests} requests, ${coupons} coupon(s)`);
    const scenario = uniform(`${prefix}-of${coupons}`, options.requests, coupons);
    runs.push({ coupons, ...(await drain(stage, scenario, options)) });
  }
  return runs;
};

const measureSafety = (stage: Stage, prefix: string, { requests, signal }: BenchOptions): Promise<InTurn> =>
  inTurn((kind, turn) => {
    note(`safety: one hot coupon, ${requests} requests, ${kind} leases and upkeep, ${turn}`);
    const env = { SLUICE_UNFENCED: kind === "with" ? "no" : "yes" };
    return drain(stage, hot(`${prefix}-${kind}${turn.at(0)}`, requests), { signal, env });
  });

/** Dead letters that commands read. */
const letters = 100_000;

const measureOps = async (stage: Stage, prefix: string, options: BenchOptions): Promise<OpsRun> => {
  const besideReplay = await measureBesideReplay(stage, `${prefix}-ops`, options);
  note(`ops: ${letters} dead letters`);
  await writeLetters(stage, { letters, couponId: `${prefix}-letters`, causes: 5, code: "BENCH" });
  return { letters, besideReplay, commands: [...(await measureCommands(stage)), await measureStartCheck(stage)] };
};

const apiRuns = (stage: Stage, prefix: string): Promise<readonly ApiRun[]> => {
  note("api: one process");
  return measureApi(stage, prefix, [
    { seconds: 10, clients: 128, perSecond: undefined },
    { seconds: 10, clients: 512, perSecond: 2_500 },
  ]);
};

/** Requests a second, up to about what one API bears beside everything else on two cores. */
const latencyLoads = [250, 500, 1_000, 2_000, 4_000];

const latencyRuns = async (stage: Stage, prefix: string): Promise<readonly LatencyRun[]> => {
  note(`latency: ${latencyLoads.join(", ")} requests/s`);
  const loads = latencyLoads.map((perSecond) => ({ seconds: 8, clients: 512, perSecond }));
  const runs = await measureApi(stage, `${prefix}-lat`, loads);
  return runs.flatMap((run, at) => {
    const perSecond = latencyLoads[at];
    return perSecond === undefined ? [] : [{ perSecond, ...run }];
  });
};

/**
 * Requests a second of clients that wait for their verdict: a quiet hour, a busy one, a burst, and none. None is last: a worker that
 * has just started looks through all coupons first, and is not idle.
 */
const verdictLoads = [100, 300, 1_000, 0];
/** And what is left when half of what they can do is asked for, and most of it. */
const verdictShares = [0.5, 0.8];

const verdictRuns = (stage: Stage, prefix: string): Promise<readonly VerdictRun[]> => {
  note(`latency: verdicts at half and 80 % of the full load, and at ${verdictLoads.join(", ")} requests/s`);
  return measureVerdicts(stage, `${prefix}-ver`, {
    loads: verdictLoads.map((perSecond) => ({ seconds: 10, perSecond })),
    shares: verdictShares,
  });
};

/** Orders of each kind: some four seconds' worth each, and the baseline's. */
const paymentOrders = { orders: 20_000, baselineOrders: 2_000 };

const paymentRuns = (stage: Stage, prefix: string, signal: AbortSignal): Promise<PaymentsReport> => {
  note(`payments: ${paymentOrders.orders} orders of each kind, one API, one relay`);
  return measurePayments(stage, prefix, { ...paymentOrders, signal });
};
