/**
 * One seed: a world is drawn, requests come and faults strike, then the storm ends and everything must come to rest. What
 * must always be true is checked when it could first be false; the rest is checked from scratch when nothing moves.
 */
import { partitionOfKey } from "../../../engine/log/producer/partitioner.ts";
import type { TopicPartition } from "../../../engine/log/log.ts";
import type { MemoryBroker } from "../../../engine/log/memory/memory-log.ts";
import { couponIssueRequests } from "../../../schemas/coupon.ts";
import { checkAtRest, countersEqual, promises } from "./claims.ts";
import type { Place } from "../environment/place.ts";
import type { CouponIncident, Scenario } from "./scenario.ts";
import type { Simulated, Stories, StoryOptions } from "../story.ts";
import { beginningAt } from "../environment/time.ts";
import { type CouponWorld, workerPlace } from "./workers.ts";
import { drawSendings } from "./workload.ts";
import { retries } from "./replays.ts";
import { createWorld, groupId, renewedAt } from "./world.ts";

const source = couponIssueRequests;
/**
 * Virtual ms after the storm by which everything must have come to rest: a frozen worker's session and a drain, a lost
 * one's, and then plenty for what is queued.
 */
const restWithinMs = 30_000;

/** Virtual ms within which upkeep sets the gate right, once nothing else moves. */
const mendWithinMs = 10_000;

/** Stories of coupons; of every seed's world some things may be chosen and not drawn. */
export const couponStories = (world?: Partial<Scenario>): Stories => ({
  kind: "coupons",
  promises,
  simulate: (seed, options) => simulate(seed, { ...options, world }),
});

const simulate = async (
  seed: number,
  { crash, ...how }: StoryOptions & { readonly world: Partial<Scenario> | undefined },
): Promise<Simulated> => {
  const diesBeforeCall = crash !== undefined && "beforeCall" in crash ? crash.beforeCall : undefined;
  const { world, coupons, witness, broken, stormEndsAt, rest, mendedAt, replaysDue } = createWorld(seed, {
    ...how,
    diesBeforeCall,
  });
  const { time, scenario, trace, network, broker, dice, broke } = world;
  trace.add("world", () => JSON.stringify(scenario));
  for (const { couponId, stock, opensAt, closesAt } of coupons)
    trace.add("world", () => `${couponId}: ${stock} units, opens ${opensAt}, closes ${closesAt}`, [couponId]);
  const sendings = drawSendings(dice, scenario, await world.codec.encoder(source));
  for (const { atMs, couponId, value } of sendings) {
    const key = Buffer.from(couponId);
    const to = { topic: source.name, partition: partitionOfKey(key, source.partitions) };
    time.after(atMs, () => void world.append(to, [{ key, value }]));
  }
  const places = Array.from({ length: scenario.workers }, (_, n) => workerPlace(n + 1, world));
  plan(world, places);
  let crashed = diesBeforeCall !== undefined;
  if (crash !== undefined && "afterTurn" in crash)
    time.afterTurn(crash.afterTurn, () => {
      crashed = places[crash.place]?.kill() ?? false;
    });
  // A process that thaws after the storm does its work before anything is called at rest.
  const calmAt =
    Math.max(stormEndsAt, ...scenario.incidents.map(({ atMs, forMs }) => beginningAt + atMs + forMs)) + 300;
  const rests = (): boolean =>
    time.now() >= calmAt &&
    witness.asked.length === sendings.length &&
    replaysDue() === 0 &&
    network.inFlight() === 0 &&
    isCaughtUp(broker);
  if (!(await time.passUntil(rests, stormEndsAt + restWithinMs)))
    broke("everything comes to rest", `not within ${restWithinMs} ms of the storm's end: ${unsettled(broker)}`, []);
  const { upkeepMs } = scenario;
  const isInOrder = (): boolean => countersEqual(rest());
  const isMended = (lullMs: number): boolean => rests() && time.now() > mendedAt() + lullMs && isInOrder();
  if (upkeepMs !== undefined) await time.passUntil(() => isMended(3 * upkeepMs), time.now() + mendWithinMs);
  broken.push(...checkAtRest(rest()));
  const ended = { tookMs: time.now() - beginningAt, turns: time.turns(), calls: network.calls(), crashed };
  const { profile, workers, requests: asked } = scenario;
  return {
    seed,
    profile,
    places: workers,
    asked,
    broken,
    counts: { "worlds with replays": Number(scenario.replays > 0) },
    happenings: trace.happenings,
    ...ended,
  };
};

/** The gate as it was a while ago: what it took and gave back since is forgotten. */
const planRestore = ({ time, trace, gate, leasing, stormy }: CouponWorld, { atMs, forMs }: CouponIncident): void => {
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

/** Places of the older release leave and come back as the new one; one that does not manage to is killed. */
const planRenewal = ({ time, scenario: { older, stormMs } }: CouponWorld, places: readonly Place[]): void => {
  for (const place of places.slice(0, older)) {
    let old: ReturnType<Place["living"]>;
    const isOld = (): boolean => old !== undefined && place.living() === old;
    time.after(stormMs * renewedAt, () => {
      old = place.living();
    });
    time.after(stormMs * 0.7, () => isOld() && place.strike({ kind: "leave", forMs: 50 }));
    time.after(stormMs, () => isOld() && place.kill());
  }
};

const plan = (world: CouponWorld, places: readonly Place[]): void => {
  const { time, dice, scenario, trace, gate, leasing, broker, stormy } = world;
  planRenewal(world, places);
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
      } else places[incident.place % places.length]?.strike({ kind: incident.kind, forMs: incident.forMs });
    });
  }
};

const partitions: readonly TopicPartition[] = [source, retries].flatMap(({ name, partitions: count }) =>
  Array.from({ length: count }, (_, partition) => ({ topic: name, partition })),
);

const isCaughtUp = (broker: MemoryBroker): boolean =>
  partitions.every((at) => (broker.committed(groupId, at) ?? 0n) === broker.endOffset(at));

const unsettled = (broker: MemoryBroker): string =>
  partitions
    .filter((at) => (broker.committed(groupId, at) ?? 0n) !== broker.endOffset(at))
    .map((at) => `${at.topic}/${at.partition}@${broker.committed(groupId, at) ?? 0n} of ${broker.endOffset(at)}`)
    .join(", ");
