/**
 * One seed: a world is drawn, requests come and faults strike, then the storm ends and everything must come to rest. What
 * must always be true is checked when it could first be false; the rest is checked from scratch when nothing moves.
 */
import { deadLetterTopic } from "../../runtime/dead-letter.ts";
import { partitionOfKey } from "../../runtime/accumulator-partitioner.ts";
import type { Log, TopicPartition } from "../../runtime/log.ts";
import { MemoryBroker } from "../../runtime/memory-log.ts";
import type { Codec } from "../../schemas/codec.ts";
import { couponIssueRequests, couponTopics, type ReservationId } from "../../schemas/coupon.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import { memoryCouponStock } from "../../topology/fakes/memory-coupon-stock.ts";
import { memoryDatabase } from "../../topology/fakes/memory-database.ts";
import { type Broken, checkAtRest, countersEqual, isSettled, lieOf } from "./claims.ts";
import { createDice } from "./dice.ts";
import { watchLeases } from "./leasing.ts";
import { createNetwork } from "./network.ts";
import { watchDraining } from "./draining.ts";
import { watchOwnership } from "./ownership.ts";
import { bounds, drawScenario, type Incident, type Scenario } from "./scenario.ts";
import { shortName } from "./stores.ts";
import { beginningAt, createTime, type Time } from "./time.ts";
import { createTrace, type Happening } from "./trace.ts";
import { watchVerdicts } from "./verdicts.ts";
import { createPlace, type Place, type WorkerWorld } from "./workers.ts";
import { createWitness, placeOf, type Witness } from "./witness.ts";
import { drawCoupons, drawSendings } from "./workload.ts";

/** How a seed ended. */
export interface Simulated {
  readonly seed: number;
  readonly scenario: Scenario;
  /** Everything that was not as claimed, promised or not. */
  readonly broken: readonly Broken[];
  /** Empty unless it was asked for. */
  readonly happenings: readonly Happening[];
  /** Virtual ms it took. */
  readonly tookMs: number;
  /** Turns it took. */
  readonly turns: number;
}

const groupId = "sim.coupon-issuing";
const deadLetters = deadLetterTopic(couponIssuing.graph.name);
const source = couponIssueRequests;

/**
 * Virtual ms after the storm by which everything must have come to rest: a frozen worker's session and a drain, a lost
 * one's, and then plenty for what is queued.
 */
export const restWithinMs = 30_000;

/** Virtual ms within which upkeep sets the gate right, once nothing else moves. */
export const mendWithinMs = 10_000;

/** How a seed is run. */
export interface SimulateOptions {
  readonly codec: Codec;
  readonly traced?: boolean;
  /** What of the seed's world is chosen and not drawn. */
  readonly world?: Partial<Scenario> | undefined;
}

/** Runs a seed. The same seed with the same code gives the same run, traced or not. */
export const simulate = async (
  seed: number,
  { codec, traced = false, world: chosen = {} }: SimulateOptions,
): Promise<Simulated> => {
  const dice = createDice(seed);
  const time = createTime(dice);
  const scenario = drawScenario(dice, chosen);
  const stormEndsAt = beginningAt + scenario.stormMs;
  const stormy = (): boolean => time.now() < stormEndsAt;
  const trace = createTrace(traced, time.now);
  const broken: Broken[] = [];
  const broke = (claim: Broken["claim"], what: string, coupons: readonly string[] = []): void => {
    trace.add("CLAIM", () => `BROKEN, ${claim}: ${what}`, coupons);
    broken.push({ claim, what, coupons });
  };
  const broker = createBroker(time, scenario, dice.between);
  const coupons = drawCoupons(dice, scenario);
  const database = memoryDatabase(...coupons);
  const decided = watchVerdicts(database.verdicts, (id, couponId) =>
    broke("a verdict never changes", `the verdict of ${shortName(id)} changed`, [couponId]),
  );
  const gate = memoryCouponStock();
  const witness = createWitness(codec, deadLetters, (told) => {
    const lie = lieOf(told, database.verdicts.get(told.event.reservationId));
    if (lie !== undefined) broke("a verdict is durable before it is told", lie, [told.event.couponId]);
  });
  const ownership = watchOwnership((what, couponId) =>
    broke("a coupon is decided in one place at a time", what, [couponId]),
  );
  const draining = watchDraining({
    copies: ({ reservationId, couponId }) =>
      witness.asked.filter(({ request }) => request?.reservationId === reservationId && request.couponId === couponId)
        .length,
    askedTwice: (what, about) => broke("nothing is tried again while partitions are drained", what, about),
    goesOn: (what, about) => broke("whoever has drained has nothing under way", what, about),
  });
  const leasing = watchLeases(broke);
  const network = createNetwork({ time, dice, trace, scenario, stormy, watchers: [ownership, draining] });
  const released = new Set<ReservationId>();
  const fetches = new Map<string, number>();
  let givenUp = 0;
  let mendedAt = 0;
  const append = appendTo(broker, witness, time);
  const isDone = (partition: number, offset: bigint): boolean => {
    const asked = witness.at(partition, offset);
    return asked !== undefined && (witness.dead.has(placeOf(asked)) || isSettled(asked, witness, database.verdicts));
  };
  const commitPassed = commitWatcher(isDone, (claim, what) => broke(claim, what));
  const world: WorkerWorld = {
    ...{
      broker,
      append,
      network,
      dice,
      trace,
      scenario,
      stormy,
      time,
      codec,
      groupId,
      deadLetters,
      database,
      gate,
      draining,
      leasing,
    },
    decided,
    broke,
    mending: () => {
      mendedAt = time.now();
    },
    releasing: (ids) => {
      for (const id of ids) released.add(id);
    },
    fetched: (partition, offsets) => {
      for (const offset of offsets) {
        const place = placeOf({ partition, offset });
        fetches.set(place, (fetches.get(place) ?? 0) + 1);
      }
    },
    gaveUpOn: (records) => {
      givenUp += records;
    },
    gaveUp: (who, error) => broke("no worker ends by itself", `${who}: ${error.message}`),
    committed: (who, offsets) => {
      commitPassed(who, offsets);
      for (const { partition } of offsets) leasing.committed(who, partition);
    },
  };
  trace.add("world", () => JSON.stringify(scenario));
  for (const { couponId, stock, opensAt, closesAt } of coupons)
    trace.add("world", () => `${couponId}: ${stock} units, opens ${opensAt}, closes ${closesAt}`, [couponId]);
  const sendings = drawSendings(dice, scenario, await codec.encoder(source));
  for (const { atMs, couponId, value } of sendings) {
    const key = Buffer.from(couponId);
    const to = { topic: source.name, partition: partitionOfKey(key, source.partitions) };
    time.after(atMs, () => void append(to, [{ key, value }]));
  }
  plan(
    world,
    Array.from({ length: scenario.workers }, (_, n) => createPlace(n + 1, world)),
  );
  // Whoever thaws after the storm has its say before anything is called at rest.
  const calmAt =
    Math.max(stormEndsAt, ...scenario.incidents.map(({ atMs, forMs }) => beginningAt + atMs + forMs)) + 300;
  const rests = (): boolean =>
    time.now() >= calmAt && witness.asked.length === sendings.length && network.underWay() === 0 && isCaughtUp(broker);
  const rested = await time.passUntil(rests, stormEndsAt + restWithinMs);
  if (!rested)
    broke("everything comes to rest", `not within ${restWithinMs} ms of the storm's end: ${standing(broker)}`);
  const { upkeepMs } = scenario;
  if (upkeepMs !== undefined) {
    const isMended = (): boolean =>
      rests() && time.now() > mendedAt + 3 * upkeepMs && countersEqual({ database, gate });
    await time.passUntil(isMended, time.now() + mendWithinMs);
  }
  broken.push(...checkAtRest({ scenario, witness, database, gate, released, givenUp, fetches }));
  const tookMs = time.now() - beginningAt;
  return { seed, scenario, broken, happenings: trace.happenings, tookMs, turns: time.turns() };
};

const createBroker = (time: Time, scenario: Scenario, between: (from: number, to: number) => number): MemoryBroker => {
  const broker = new MemoryBroker({
    clock: time,
    // What a process appends travels through the network of the simulation, which may lose it.
    latencyMs: (request) => (request === "append" ? 0 : between(1, scenario.latencyMs)),
    fetchMaxRecords: scenario.fetchMaxRecords,
    drainBudgetMs: bounds.drainBudgetMs,
    sessionTimeoutMs: bounds.sessionTimeoutMs,
  });
  for (const { name, partitions } of couponTopics) broker.createTopic(name, partitions);
  broker.createTopic(deadLetters, 6);
  return broker;
};

/** Appends as the broker does, and has the witness see it. */
const appendTo = (broker: MemoryBroker, witness: Witness, time: Time): Log["append"] => {
  const wire = broker.client("wire");
  return async (to, records) => {
    await wire.append(to, records);
    // The broker appends as its answer is made, so these are the last ones.
    witness.appended(to, broker.endOffset(to) - BigInt(records.length), records, time.now());
  };
};

/** Checks every commit that took effect, at that moment. */
const commitWatcher = (
  isDone: (partition: number, offset: bigint) => boolean,
  broke: (claim: Broken["claim"], what: string) => void,
): WorkerWorld["committed"] => {
  const reached = new Map<number, bigint>();
  return (who, offsets) => {
    for (const { partition, offset } of offsets) {
      const before = reached.get(partition) ?? 0n;
      if (offset < before) broke("commits never go back", `${who} took ${partition} from ${before} to ${offset}`);
      for (let passed = before; passed < offset; passed += 1n) {
        if (!isDone(partition, passed))
          broke(
            "a commit passes nothing unfinished",
            `${who} committed ${partition}@${offset}, ${passed} is unfinished`,
          );
      }
      reached.set(partition, offset);
    }
  };
};

/** The gate as it was a while ago: what it took and gave back since is forgotten. */
const planRestore = ({ time, trace, gate, leasing, stormy }: WorkerWorld, { atMs, forMs }: Incident): void => {
  time.after(atMs - forMs, () => {
    const snapshot = structuredClone(gate.counters);
    time.after(forMs, () => {
      if (!stormy()) return;
      trace.add("world", () => `redis is RESTORED as it was ${forMs} ms ago`);
      gate.counters.clear();
      leasing.gateForgot();
      for (const [couponId, counter] of snapshot) gate.counters.set(couponId, counter);
    });
  });
};

const plan = (world: WorkerWorld, places: readonly Place[]): void => {
  const { time, dice, scenario, trace, gate, leasing, broker, stormy } = world;
  for (const incident of scenario.incidents) if (incident.kind === "restore") planRestore(world, incident);
  for (const place of places) time.after(dice.chance(0.7) ? 0 : dice.between(0, scenario.stormMs), place.start);
  for (const incident of scenario.incidents) {
    time.after(incident.atMs, () => {
      if (!stormy()) return;
      if (incident.kind === "restore") return;
      if (incident.kind === "flush") {
        trace.add("world", () => "redis is FLUSHED");
        gate.counters.clear();
        leasing.gateForgot();
      } else if (incident.kind === "rebalance") {
        trace.add("broker", () => "rebalances");
        broker.rebalance(groupId);
      } else places[incident.worker % places.length]?.strike(incident);
    });
  }
};

const partitions: readonly TopicPartition[] = Array.from({ length: source.partitions }, (_, partition) => ({
  topic: source.name,
  partition,
}));

const isCaughtUp = (broker: MemoryBroker): boolean =>
  partitions.every((at) => (broker.committed(groupId, at) ?? 0n) === broker.endOffset(at));

const standing = (broker: MemoryBroker): string =>
  partitions
    .filter((at) => (broker.committed(groupId, at) ?? 0n) !== broker.endOffset(at))
    .map((at) => `${at.partition}@${broker.committed(groupId, at) ?? 0n} of ${broker.endOffset(at)}`)
    .join(", ");
