/**
 * One seed of payments: a shop is drawn, clients come and faults strike, then the storm ends and everything must come to
 * rest: every client answered, every row published, every reader at the end of the topic.
 */
import { paymentsCompleted } from "../../../schemas/payment.ts";
import type { UserId } from "../../../schemas/coupon.ts";
import type { Place } from "../environment/place.ts";
import type { Simulated, Stories, StoryOptions } from "../story.ts";
import { beginningAt } from "../environment/time.ts";
import { createApi } from "./api.ts";
import { checkPaymentsAtRest, paymentPromises } from "./checks/claims.ts";
import { sendClients } from "./clients.ts";
import { orderName } from "./names.ts";
import { backgroundPlaces } from "./processes.ts";
import type { PaymentIncident, PaymentScenario } from "./scenario.ts";
import { drawWishes, type Shop } from "./workload.ts";
import { createPaymentWorld, groupOf, type PaymentWorld, topologies } from "./world.ts";

/** Virtual ms after the storm by which everything must have come to rest: sessions, drains, backoffs, then what is queued. */
const restWithinMs = 30_000;

/** Stories of payments; of every seed's world some things may be chosen and not drawn. */
export const paymentStories = (chosen?: Partial<PaymentScenario>): Stories => ({
  kind: "payments",
  promises: paymentPromises,
  simulate: (seed, options) => simulate(seed, { ...options, chosen }),
});

const simulate = async (
  seed: number,
  { crash, ...how }: StoryOptions & { readonly chosen: Partial<PaymentScenario> | undefined },
): Promise<Simulated> => {
  const diesBeforeCall = crash !== undefined && "beforeCall" in crash ? crash.beforeCall : undefined;
  const made = createPaymentWorld(seed, { ...how, diesBeforeCall });
  const { world, shop, witness, broken, busy } = made;
  const { time, dice, scenario, trace, broke, network } = world;
  describe(world, shop);
  const wishes = drawWishes(dice, scenario, shop);
  const api = createApi(world);
  const places = [...api.places, ...backgroundPlaces(world)];
  const clients = sendClients(wishes, { api, time, dice, scenario });
  const trusts = plan(made, places);
  let crashed = diesBeforeCall !== undefined;
  if (crash !== undefined && "afterTurn" in crash)
    time.afterTurn(crash.afterTurn, () => {
      crashed = places[crash.place]?.kill() ?? false;
    });
  // A process that thaws after the storm does its work before anything is called at rest.
  const ends = scenario.incidents.map(({ atMs, forMs }) => beginningAt + atMs + forMs);
  const calmAt = Math.max(made.stage.stormEndsAt, ...ends) + 300;
  const rests = (): boolean =>
    time.now() >= calmAt &&
    clients() === 0 &&
    trusts() === 0 &&
    api.isIdle() &&
    busy() === 0 &&
    unsettled(world) === "";
  if (!(await time.passUntil(rests, made.stage.stormEndsAt + restWithinMs)))
    broke("everything comes to rest", `${clients()} clients wait, ${busy()} calls are in flight; ${unsettled(world)}`);
  broken.push(...checkPaymentsAtRest(made.rest()));
  const ended = { tookMs: time.now() - beginningAt, turns: time.turns(), calls: network.calls(), crashed };
  const seen = { asked: witness.replies.size, counts: witness.counts, happenings: trace.happenings };
  return { seed, profile: scenario.profile, places: places.length, broken, ...seen, ...ended };
};

const describe = ({ trace, scenario }: PaymentWorld, shop: Shop): void => {
  trace.add("world", () => JSON.stringify(scenario));
  trace.add("world", () => `stock ${JSON.stringify([...shop.stock])}, deposits ${JSON.stringify([...shop.deposits])}`);
  for (const { orderId, userId, items, coupons } of shop.orders.values()) {
    const wanted = items.map(({ optionId, quantity, unitPrice }) => `${quantity} ${optionId} at ${unitPrice}`);
    const own = coupons.map((id) => JSON.stringify(shop.coupons.get(id) ?? "a coupon that is not there"));
    const name = orderName(orderId);
    trace.add("world", () => `${name} of ${userId}: ${[...wanted, ...own].join(", ") || "nothing"}`, [name]);
  }
};

/** Starts everybody and plans what will happen to them; answers how much of what is planned outside of processes is open. */
const plan = (
  { world, toppedUp, witness }: ReturnType<typeof createPaymentWorld>,
  places: readonly Place[],
): (() => number) => {
  const { time, dice, scenario, trace, database, stormy, shop } = world;
  for (const place of places) time.after(dice.chance(0.7) ? 0 : dice.between(0, scenario.stormMs), place.start);
  for (const incident of scenario.incidents)
    time.after(incident.atMs, () => {
      if (stormy()) strike(incident, world, places[incident.place % places.length]);
    });
  for (let n = 0; n < scenario.rubbish; n += 1) {
    const to = { topic: paymentsCompleted.name, partition: dice.between(0, paymentsCompleted.partitions - 1) };
    const value = dice.pick([Buffer.alloc(0), Buffer.from("rubbish"), Buffer.from([0, 0, 0, 0, 1, 2, 3])]);
    time.after(dice.between(0, scenario.stormMs), () => void world.append(to, [{ key: null, value }]));
  }
  let open = scenario.topUps ? dice.between(1, 5) : 0;
  const users: readonly UserId[] = [...shop.deposits.keys()];
  const topUp = async (userId: UserId, amount: number): Promise<void> => {
    // Its connection may end, or others have the row for too long: nothing was added then.
    while (
      !(await database.topUp(userId, amount).then(
        () => true,
        () => false,
      ))
    )
      await time.sleep(50);
    trace.add("world", () => `${userId} has ${amount} more`);
    toppedUp.set(userId, (toppedUp.get(userId) ?? 0) + amount);
    witness.toppedUp(userId);
    open -= 1;
  };
  for (let n = open; n > 0; n -= 1) {
    const userId = users[dice.between(0, users.length - 1)];
    if (userId === undefined) open -= 1;
    else time.after(dice.between(0, scenario.stormMs), () => void topUp(userId, dice.between(100, 20_000)));
  }
  return () => open;
};

const strike = (incident: PaymentIncident, world: PaymentWorld, place: Place | undefined): void => {
  const { trace, broker, database } = world;
  const { kind, forMs } = incident;
  const struck = place?.living();
  switch (kind) {
    case "rebalance": {
      const { name } = topologies[incident.place % 2 === 0 ? 0 : 1].graph;
      trace.add("broker", () => `rebalances ${name}`);
      broker.rebalance(groupOf(name));
      break;
    }
    case "restart":
      trace.add("database", () => "restarts");
      database.closeAll(undefined, "it restarts");
      break;
    case "sever":
      trace.add("database", () => `ends the connections of ${struck?.name}`);
      if (struck !== undefined) database.closeAll(struck, "by chance");
      break;
    default:
      place?.strike({ kind, forMs });
  }
};

/** What is behind; empty where nothing is. */
const unsettled = ({ broker, database }: PaymentWorld): string => {
  const unpublished = [...database.state.outbox.values()].filter(({ publishedAt }) => publishedAt === null).length;
  const behind = topologies.flatMap(({ graph: { name } }) =>
    Array.from({ length: paymentsCompleted.partitions }, (_, partition) => {
      const at = { topic: paymentsCompleted.name, partition };
      const [committed, end] = [broker.committed(groupOf(name), at) ?? 0n, broker.endOffset(at)];
      return committed === end ? [] : [`${name} ${partition}@${committed} of ${end}`];
    }).flat(),
  );
  return [...(unpublished > 0 ? [`${unpublished} rows to publish`] : []), ...behind].join(", ");
};
