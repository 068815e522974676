/** What a seed's world is like: its workers, coupons and requests, and which faults strike how often. Drawn, never chosen. */
import type { FloodLimits } from "../../../engine/worker/failures/flood.ts";
import type { Dice } from "../environment/dice.ts";
import {
  bounds,
  drawFaults,
  drawIncidents,
  drawOutages,
  type Incident,
  noFaults,
  type Profile,
  type Weather,
} from "../environment/weather.ts";

/** What happens to workers, to their group and to the gate. */
export type CouponIncident = Incident<"kill" | "leave" | "freeze" | "cut off" | "rebalance" | "flush" | "restore">;

/** A seed's world. */
export interface Scenario extends Weather {
  readonly profile: Profile;
  readonly workers: number;
  readonly coupons: number;
  readonly requests: number;
  /** Users there are for each request: below 1, users ask twice. */
  readonly usersPerRequest: number;
  /** Probabilities that a record is a copy of an earlier one, bytes that are no record, an id used for another coupon. */
  readonly copies: number;
  readonly poison: number;
  readonly reused: number;
  /** Requests come during this time, and faults strike; after it everything must come to rest. */
  readonly stormMs: number;
  readonly maxRound: number;
  readonly concurrency: number;
  readonly fetchMaxRecords: number;
  /** Unfinished records of a partition above which it is paused. */
  readonly maxRecords: number;
  readonly maxAttempts: number;
  readonly incidents: readonly CouponIncident[];
  /** When the registry has learned the schema of requests; 0 where it has it from the beginning. */
  readonly schemaLateMs: number;
  /** Time between two passes of a worker's upkeep; undefined where nothing is looked after. */
  readonly upkeepMs: number | undefined;
  /** How often a letter of a record is replayed, at most. */
  readonly replays: number;
  /** Workers that do not know the retry topic at first: the release before it. */
  readonly older: number;
  /** When dead letters are a flood; undefined: never. */
  readonly flood: FloodLimits | undefined;
}

/** Draws a world, but for what is chosen; its faults and incidents are those of its profile. */
export const drawScenario = (dice: Dice, chosen: Partial<Scenario> = {}): Scenario => {
  const drawn = dice.pick<Profile>(["orderly", "orderly", "orderly", "flushed", "overlapping", "wild"]);
  const profile = chosen.profile ?? drawn;
  const workers = dice.between(2, 4);
  const stormMs = dice.between(1_500, 6_000);
  const overlaps = profile === "overlapping" || profile === "wild";
  const drawnToo = {
    profile,
    workers,
    coupons: dice.between(1, 8),
    requests: dice.between(20, 160),
    usersPerRequest: dice.pick([0.2, 0.6, 0.9, 3]),
    copies: dice.pick([0, 0, 0.05, 0.3]),
    poison: dice.pick([0, 0, 0.02, 0.2]),
    reused: dice.pick([0, 0, 0, 0.05]),
    stormMs,
    maxRound: dice.pick([1, 3, 10, 100]),
    concurrency: dice.between(1, 4),
    fetchMaxRecords: dice.pick([1, 5, 20, 500]),
    maxRecords: dice.pick([4, 20, 1_000]),
    latencyMs: dice.pick([1, 5, 15, 30]),
    maxAttempts: dice.between(3, 5),
    faults: drawFaults(dice, overlaps),
    incidents: drawStorm(dice, profile, stormMs),
    outages: drawOutages(dice, {
      ...{ stormMs, most: 2, longestMs: () => 1_500 },
      services: ["redis", "database", "kafka", "registry"],
    }),
    schemaLateMs: dice.pick([0, 0, 0, dice.between(1, 2_000)]),
    // A gate that forgets, and one that late calls reach, are set right by nothing else; any other must need no help.
    upkeepMs: profile === "orderly" && dice.chance(0.5) ? undefined : dice.pick([100, 300]),
  };
  // Told from what is drawn, so that worlds without replays are as they were before there were any.
  const replays = drawnToo.requests % 3 === 0 ? 2 : 0;
  return { ...drawnToo, replays, older: replays > 0 && workers > 2 ? 1 : 0, flood: undefined, ...chosen };
};

const drawStorm = (dice: Dice, profile: Profile, stormMs: number): readonly CouponIncident[] => {
  const some = <Kind extends CouponIncident["kind"]>(most: number, kind: Kind, longestMs?: number) =>
    drawIncidents(dice, { kind, most, stormMs, longestMs });
  const overlaps = profile === "overlapping" || profile === "wild";
  const flushes = profile === "flushed" || profile === "wild";
  return [
    ...some(3, "kill", 1_500),
    ...some(2, "leave", 1_500),
    ...some(2, "rebalance"),
    ...(overlaps ? [...some(2, "freeze", 2 * bounds.sessionTimeoutMs), ...some(2, "cut off", 5_000)] : []),
    ...(flushes ? some(3, "flush").map(lossOf) : []),
  ];
};

/** A third of what the gate loses is what happened since a snapshot. */
const lossOf = (flush: CouponIncident): CouponIncident =>
  flush.place % 3 === 0 ? { ...flush, kind: "restore", forMs: Math.min(flush.atMs, flush.place * 3) } : flush;

/** For dying at every point: two workers, a rebalance, copies and poison, more requests than units; nothing else goes wrong. */
export const smallCoupons: Partial<Scenario> = {
  ...{ profile: "orderly", workers: 2, coupons: 2, requests: 14, usersPerRequest: 0.6, copies: 0.1, poison: 0.1 },
  ...{ reused: 0, stormMs: 300, maxRound: 4, concurrency: 2, fetchMaxRecords: 5, maxRecords: 20, latencyMs: 5 },
  ...{ maxAttempts: 3, schemaLateMs: 0, upkeepMs: 100, outages: [], faults: noFaults },
  ...{ replays: 1, older: 0, flood: undefined },
  incidents: [{ kind: "rebalance", atMs: 150, forMs: 1, place: 0 }],
};
