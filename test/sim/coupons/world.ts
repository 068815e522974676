/** Everything of one seed's world before anything happens in it: services, watchers, and what they have seen. */
import { deadLetterTopic } from "../../../engine/worker/round/dead-letter.ts";
import { createReplays, retries } from "./replays.ts";
import { couponTopics, type ReservationId } from "../../../schemas/coupon.ts";
import { couponIssuing } from "../../../topology/coupon-issuing.ts";
import { memoryCouponStock } from "../../../processors/memory/memory-coupon-stock.ts";
import { memoryDatabase } from "../../../processors/memory/memory-database.ts";
import { type ClaimName, isSettled, lieOf, type Rest } from "./claims.ts";
import { appendTo, commitWatcher, createBroker } from "../environment/broker.ts";
import { watchDraining } from "../environment/draining.ts";
import { watchLeases } from "./leasing.ts";
import { createNetwork } from "../environment/network.ts";
import { watchOwnership } from "../environment/ownership.ts";
import { drawScenario, type Scenario } from "./scenario.ts";
import type { Broke, StoryOptions } from "../story.ts";
import { shortName } from "./stores.ts";
import { setStage } from "../environment/stage.ts";
import { watchVerdicts } from "./verdicts.ts";
import { deadLetterPartitions } from "../environment/worker.ts";
import type { CouponWorld } from "./workers.ts";
import { beginningAt } from "../environment/time.ts";
import { type Asked, createWitness, placeOf, type Witness } from "./witness.ts";
import { drawCoupons } from "./workload.ts";

/** How a world is made. */
export interface WorldOptions extends Omit<StoryOptions, "crash"> {
  /** What of the seed's world is chosen and not drawn. */
  readonly world?: Partial<Scenario> | undefined;
  /** The call whose sender dies before it is sent, counted from 1. */
  readonly diesBeforeCall?: number | undefined;
}

/** The part of the storm after which every worker that starts knows the retry topic. */
export const renewedAt = 0.6;

/** The group of all workers. */
export const groupId = "sim.coupon-issuing";
const deadLetters = deadLetterTopic(couponIssuing.graph.name);

/** A world in which nothing has happened yet. */
export const createWorld = (seed: number, { codec, traced = false, world: chosen, diesBeforeCall }: WorldOptions) => {
  const stage = setStage<Scenario, ClaimName>(seed, { draw: (drawing) => drawScenario(drawing, chosen), traced });
  const { dice, time, scenario, stormEndsAt, stormy, trace, broken, broke } = stage;
  const topics = [...couponTopics, { name: deadLetters, partitions: deadLetterPartitions }, retries];
  const broker = createBroker({ time, dice, scenario, topics });
  const coupons = drawCoupons(dice, scenario);
  const database = memoryDatabase(...coupons);
  const gate = memoryCouponStock();
  const witness: Witness = createWitness({
    ...{ codec, deadLetters, retries: retries.name },
    sees: (published) => {
      const lie = lieOf(published, database.verdicts.get(published.event.reservationId));
      if (lie !== undefined) broke("a verdict is durable before it is published", lie, [published.event.couponId]);
    },
    died: (letter) => replays.died(letter),
  });
  const { ownership, draining, leasing } = watchersOf(broke, witness);
  const network = createNetwork({
    ...{ time, dice, trace, scenario, stormy, diesBeforeCall },
    watchers: [ownership, draining],
  });
  const seen = {
    ...{ released: new Set<ReservationId>(), settled: new Set<ReservationId>(), takenAgain: new Set<ReservationId>() },
    ...{ fetches: new Map<string, number>(), mendedAt: 0 },
  };
  const standsOrDied = (asked: Asked | undefined, died: (asked: Asked) => boolean): boolean =>
    asked !== undefined && (died(asked) || isSettled(asked, witness, database.verdicts));
  const isDone = (partition: number, offset: bigint): boolean =>
    standsOrDied(witness.at(partition, offset), (asked) => witness.dead.has(placeOf(asked)));
  /** A replay that failed again has a letter of the next attempt. */
  const isReplayDone = (partition: number, offset: bigint): boolean => {
    const one = witness.retried.get(placeOf({ partition, offset }));
    if (one === undefined) return false;
    const { origin, attempt } = one;
    return standsOrDied(witness.at(origin.partition, origin.offset), () =>
      witness.hasLetter({ origin, attempt: attempt + 1 }),
    );
  };
  const [commitPassed, replaysPassed] = [commitWatcher(isDone, broke), commitWatcher(isReplayDone, broke)];
  const append = appendTo(broker, (...appended) => witness.appended(...appended, time.now()));
  const replays = createReplays({ scenario, time, append });
  const world: CouponWorld = {
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
    },
    ...{ groupId, bounds: scenario, database, gate, draining, leasing, broke },
    decided: watchVerdicts(database.verdicts, (id, couponId) =>
      broke("a verdict never changes", `the verdict of ${shortName(id)} changed`, [couponId]),
    ),
    mending: () => {
      seen.mendedAt = time.now();
    },
    releasing: (ids) => {
      for (const id of ids) seen.released.add(id);
    },
    taking: (ids) => {
      for (const id of ids)
        if (database.verdicts.get(id)?.kind === "issued") seen.takenAgain.add(id);
        else seen.takenAgain.delete(id);
    },
    settled: (remaining, refused) => {
      for (const id of refused) seen.settled.add(id);
      for (const [couponId, left] of remaining) {
        const should = database.remaining.get(couponId);
        if (left !== should)
          broke("what is settled is what the database says", `${couponId} was settled at ${left}, it has ${should}`, [
            couponId,
          ]);
      }
    },
    isOlder: (place) => place <= scenario.older && time.now() < beginningAt + scenario.stormMs * renewedAt,
    fetched: ({ topic, partition }, offsets) => {
      for (const offset of offsets) {
        const replayed = topic === retries.name ? witness.retried.get(placeOf({ partition, offset })) : undefined;
        const place = placeOf(replayed?.origin ?? { partition, offset });
        seen.fetches.set(place, (seen.fetches.get(place) ?? 0) + 1);
      }
    },
    gaveUp: (who, error) => broke("no worker ends by itself", `${who}: ${error.message}`),
    committed: (who, offsets) => {
      const [ofRetries, ofSource] = [true, false].map((is) =>
        offsets.filter((at) => (at.topic === retries.name) === is),
      );
      commitPassed(who, ofSource ?? []);
      replaysPassed(who, ofRetries ?? []);
      for (const { partition } of offsets) leasing.committed(who, partition);
    },
  };
  const rest = (): Rest => ({ scenario, witness, database, gate, ...seen });
  return { world, coupons, witness, broken, stormEndsAt, rest, mendedAt: () => seen.mendedAt, replaysDue: replays.due };
};

const watchersOf = (broke: Broke<ClaimName>, witness: Witness) => ({
  ownership: watchOwnership((what, couponId) => broke("a coupon is decided in one place at a time", what, [couponId])),
  draining: watchDraining({
    copies: ({ reservationId, couponId }) =>
      [
        ...witness.asked,
        ...[...witness.retried.values()].map(({ origin }) => witness.at(origin.partition, origin.offset)),
      ].filter((one) => one?.request?.reservationId === reservationId && one.request.couponId === couponId).length,
    askedTwice: (what, about) => broke("nothing is tried again while partitions are drained", what, about),
    goesOn: (what, about) => broke("a drained process has nothing in flight", what, about),
  }),
  leasing: watchLeases(broke),
});
