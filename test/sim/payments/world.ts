/** Everything of one seed's world of payments before anything happens in it: services, watchers, and what they have seen. */
import { deadLetterTopic } from "../../../engine/worker/round/dead-letter.ts";
import { retryPartitions, retryTopic } from "../../../engine/worker/round/retry-record.ts";
import { paymentsCompleted } from "../../../schemas/payment.ts";
import { externalData } from "../../../topology/external-data.ts";
import { memoryTransactionHistory } from "../../../sinks/memory/memory-transaction-history.ts";
import { transactionHistory } from "../../../topology/transaction-history.ts";
import { appendTo, commitWatcher, createBroker } from "../environment/broker.ts";
import { watchDraining } from "../environment/draining.ts";
import { type CallWatcher, createNetwork } from "../environment/network.ts";
import type { PlaceWorld } from "../environment/place.ts";
import { type Stage, setStage } from "../environment/stage.ts";
import type { Broke, StoryOptions } from "../story.ts";
import { deadLetterPartitions, type WorkerWorld } from "../environment/worker.ts";
import type { ApiWorld } from "./api.ts";
import type { PaymentClaim, PaymentRest } from "./checks/claims.ts";
import { createDatabase, type Database } from "./stores/database.ts";
import type { OutboxWorld } from "./stores/outbox.ts";
import { drawPaymentScenario, type PaymentScenario } from "./scenario.ts";
import { createPlatform, type Platform, type SinkWorld } from "./stores/sinks.ts";
import { createPaymentWitness, type Witness } from "./checks/witness.ts";
import { drawShop, type Shop } from "./workload.ts";

/** The two that read payments. */
export const topologies = [transactionHistory, externalData] as const;
/** The group of a topology. */
export const groupOf = (topology: string): string => `sim.${topology}`;

/** What everything runs in. */
export interface PaymentWorld extends WorkerWorld, PlaceWorld, ApiWorld, OutboxWorld, SinkWorld {
  readonly scenario: PaymentScenario;
  readonly shop: Shop;
  readonly broke: Broke<PaymentClaim>;
}

/** How a world is made. */
export interface PaymentWorldOptions extends Omit<StoryOptions, "crash"> {
  readonly chosen: Partial<PaymentScenario> | undefined;
  readonly diesBeforeCall: number | undefined;
}

/** A world in which nothing has happened yet. */
export const createPaymentWorld = (seed: number, options: PaymentWorldOptions) => {
  const { codec, traced = false, chosen, diesBeforeCall } = options;
  const stage: Stage<PaymentScenario, PaymentClaim> = setStage(seed, {
    draw: (drawing) => drawPaymentScenario(drawing, chosen),
    traced,
  });
  const { dice, time, scenario, stormy, trace, broken, broke } = stage;
  const shop = drawShop(dice, scenario);
  const deadLetters = topologies.map(({ graph }) => ({
    name: deadLetterTopic(graph.name),
    partitions: deadLetterPartitions,
  }));
  const retries = topologies.map(({ graph }) => ({ name: retryTopic(graph.name), partitions: retryPartitions(graph) }));
  const broker = createBroker({ ...stage, topics: [paymentsCompleted, ...deadLetters, ...retries] });
  // It looks at the database, and the database notifies it of what happens.
  const witness: Witness = createPaymentWitness({ codec, shop, broke, turns: time.turns, state: () => database.state });
  const database: Database = createDatabase({ time, trace, shop, watcher: witness });
  const platform = createPlatform({ ...scenario, dice, stormy, unwanted: shop.unwanted });
  const history = memoryTransactionHistory();
  const draining = watchDraining({
    copies: () => Number.POSITIVE_INFINITY,
    askedTwice: () => {},
    goesOn: (what, about) => broke("a drained process has nothing in flight", what, about),
  });
  let inFlight = 0;
  const busyness: CallWatcher = {
    began: ({ aside }) => {
      if (!aside) inFlight += 1;
    },
    over: ({ aside }) => {
      if (!aside) inFlight -= 1;
    },
  };
  const network = createNetwork({ ...stage, diesBeforeCall, watchers: [draining, busyness] });
  const world: PaymentWorld = {
    ...{ ...stage, shop, codec, broker, network, database, history, platform, draining },
    bounds: scenario,
    append: appendTo(broker, witness.appended),
    outboxWatcher: witness,
    heard: witness.heard,
    answered: witness.answered,
    overdue: witness.overdue,
    fetched: () => {},
    committed: watchCommits(stage, witness, {
      h: (id) => history.rows.has(id),
      x: platform.effects.has.bind(platform.effects),
    }),
    gaveUp: (who, error) => broke("no process ends by itself", `${who}: ${error.message}`),
  };
  const toppedUp = new Map<string, number>();
  const rest = (): PaymentRest => ({ shop, state: database.state, witness, history: history.rows, platform, toppedUp });
  return { world, shop, witness, broken, stage, rest, toppedUp, busy: () => inFlight };
};

/** Checks every commit that took effect, at that moment: of the history's group, and of the platform's. */
const watchCommits = (
  { broke }: Stage<PaymentScenario, PaymentClaim>,
  witness: Witness,
  done: Readonly<Record<"h" | "x", Platform["effects"]["has"]>>,
): WorkerWorld["committed"] => {
  const watcherOf = (group: "h" | "x", topology: string) =>
    commitWatcher((partition, offset) => {
      const place = `${partition}/${offset}`;
      const payment = witness.published.get(place)?.payment;
      const isDead = witness.dead.some((one) => one.topology === topology && one.place === place);
      return isDead || (payment !== undefined && done[group](payment.paymentId));
    }, broke);
  const watchers = { h: watcherOf("h", topologies[0].graph.name), x: watcherOf("x", topologies[1].graph.name) };
  return (who, offsets) => watchers[who.startsWith("h") ? "h" : "x"](who, offsets);
};
