/** What a seed's world of payments is like: its processes, orders and clients, and which faults strike how often. */
import type { Dice } from "../environment/dice.ts";
import {
  bounds,
  drawFaults,
  drawIncidents,
  drawOutages,
  type Incident,
  noFaults,
  type Weather,
} from "../environment/weather.ts";
import type { WorkerBounds } from "../environment/worker.ts";

/** What happens to processes, groups and the database. `sever`: the database ends a process's connections; `restart`: all. */
export type PaymentIncident = Incident<"kill" | "leave" | "freeze" | "cut off" | "rebalance" | "sever" | "restart">;

/** A seed's world. */
export interface PaymentScenario extends Weather, WorkerBounds {
  /** As of coupons; there is no gate that could be flushed. */
  readonly profile: "orderly" | "overlapping";
  readonly apis: number;
  readonly relays: number;
  /** Workers of transaction-history, and of external-data. */
  readonly historians: number;
  readonly senders: number;
  readonly options: number;
  readonly users: number;
  readonly orders: number;
  readonly clients: number;
  /** How often 32 clients pay one order at once. */
  readonly bursts: number;
  /** Probability that a client comes back with the same key once it has been answered. */
  readonly comesBack: number;
  /** Whether balances are topped up in the midst. */
  readonly topUps: boolean;
  /** Probability that the platform will never take the payment of an order, and that it is too busy for a call. */
  readonly refusing: number;
  readonly busy: number;
  /** Records of the topic that are none. */
  readonly rubbish: number;
  /** Requests come during this time, and faults strike; after it everything must come to rest. */
  readonly stormMs: number;
  readonly acknowledgeTimeoutMs: number;
  /** How long a client waits for its first answer; it may be less than the API takes. */
  readonly patienceMs: number;
  readonly lanes: number;
  /** Probability that a process takes its time between a transaction's last statement and its COMMIT. */
  readonly dawdles: number;
  readonly maxWaiting: number;
  /** Rows of a batch of the relay. */
  readonly maxRows: number;
  /** How long published rows are kept. */
  readonly keptMs: number;
  readonly fetchMaxRecords: number;
  readonly schemaLateMs: number;
  readonly incidents: readonly PaymentIncident[];
}

/** Draws a world, but for what is chosen; its faults and incidents are those of its profile. */
export const drawPaymentScenario = (dice: Dice, chosen: Partial<PaymentScenario> = {}): PaymentScenario => {
  const drawn = dice.pick<PaymentScenario["profile"]>(["orderly", "orderly", "overlapping"]);
  const profile = chosen.profile ?? drawn;
  const overlaps = profile === "overlapping";
  const stormMs = dice.between(1_000, 4_000);
  const acknowledgeTimeoutMs = dice.pick([300, 1_000, 10_000]);
  return {
    profile,
    apis: dice.between(1, 3),
    relays: dice.between(1, 3),
    historians: dice.between(1, 2),
    senders: dice.between(1, 2),
    options: dice.pick([1, 2, 4, 12]),
    users: dice.between(2, 10),
    orders: dice.between(3, 40),
    clients: dice.between(10, 60),
    bursts: dice.pick([0, 0, 1, 2]),
    comesBack: dice.pick([0, 0.2, 0.6]),
    topUps: dice.chance(0.25),
    refusing: dice.pick([0, 0, 0.1]),
    busy: dice.pick([0, 0.1, 0.4]),
    rubbish: dice.pick([0, 0, 0, 2]),
    stormMs,
    acknowledgeTimeoutMs,
    patienceMs: dice.pick([150, acknowledgeTimeoutMs + 100, acknowledgeTimeoutMs + 2_000]),
    lanes: dice.between(1, 3),
    dawdles: dice.pick([0, 0.05, 0.3]),
    maxWaiting: dice.pick([4, 5_000, 5_000]),
    maxRows: dice.pick([1, 3, 20, 2_000]),
    keptMs: dice.pick([500, 86_400_000, 86_400_000]),
    maxRound: dice.pick([1, 3, 10, 100]),
    concurrency: dice.between(1, 4),
    fetchMaxRecords: dice.pick([1, 5, 20, 500]),
    maxRecords: dice.pick([4, 20, 1_000]),
    maxAttempts: dice.between(3, 5),
    latencyMs: dice.pick([1, 5, 15, 30]),
    faults: drawFaults(dice, overlaps),
    incidents: drawStorm(dice, stormMs, overlaps),
    outages: drawOutages(dice, {
      ...{ stormMs, most: 3, longestMs: (service) => (service === "platform" ? 4_000 : 1_500) },
      services: ["database", "kafka", "registry", "platform", "platform"],
    }),
    schemaLateMs: dice.pick([0, 0, 0, dice.between(1, 2_000)]),
    ...chosen,
  };
};

const drawStorm = (dice: Dice, stormMs: number, overlaps: boolean): readonly PaymentIncident[] => {
  const some = <Kind extends PaymentIncident["kind"]>(most: number, kind: Kind, longestMs?: number) =>
    drawIncidents(dice, { kind, most, stormMs, longestMs });
  return [
    ...some(4, "kill"),
    ...some(2, "leave", 1_000),
    ...some(2, "rebalance"),
    ...some(2, "sever"),
    ...some(1, "restart"),
    ...(overlaps ? [...some(4, "freeze", 2 * bounds.sessionTimeoutMs), ...some(3, "cut off", 4_000)] : []),
  ];
};

/** For dying at every point: few of everything, two relays, and nothing else goes wrong. */
export const smallPayments: Partial<PaymentScenario> = {
  ...{ profile: "orderly", apis: 1, relays: 2, historians: 1, senders: 1, options: 2, users: 3, orders: 5, clients: 8 },
  ...{ bursts: 0, comesBack: 0.2, topUps: false, refusing: 0.1, busy: 0, rubbish: 0, stormMs: 300 },
  ...{
    acknowledgeTimeoutMs: 1_000,
    patienceMs: 1_500,
    lanes: 2,
    dawdles: 0,
    maxWaiting: 5_000,
    maxRows: 3,
    keptMs: 86_400_000,
  },
  ...{ maxRound: 4, concurrency: 2, fetchMaxRecords: 5, maxRecords: 20, maxAttempts: 3, latencyMs: 5 },
  ...{ outages: [], incidents: [], faults: noFaults, schemaLateMs: 0 },
};
