/** What happens to the processes of payments: killed at any moment, a relay frozen while it leads, 32 clients and one order. */
import { v7 } from "uuid";
import type { OptionId, Order } from "../../../../processors/payments/payment-ports.ts";
import type { UserId, Won } from "../../../../schemas/coupon.ts";
import type { OrderId } from "../../../../schemas/payment.ts";
import { orderRegister } from "../../../../stores/mysql/payments/order-register.ts";
import { wholeFrom } from "../../chance.ts";
import { isFrozen } from "../../coupons/process-faults.ts";
import { createClients, type AttemptReply } from "../clients.ts";
import type { PayFault, PayFaultRun, PayTried } from "../fault.ts";
import { namesFrom, oneOfEach, type PayLive, underPayLoad } from "../live.ts";
import type { PayChild, PayPlan, PayScene } from "../scene.ts";

/** Two of what may run side by side without waiting for a session to end. */
const twoInFront: readonly PayPlan[] = [
  ...oneOfEach,
  { name: "api-2", role: "api" },
  { name: "relay-2", role: "relay" },
];

const killRandom = (run: PayFaultRun): Promise<PayTried> => {
  const next = namesFrom(2);
  return underPayLoad(run, { crew: twoInFront }, async (live) => {
    for (let n = 0; n < run.times; n++) {
      await live.wait(wholeFrom(run.chance, 0, 1_500));
      const up = [...live.members];
      const [victim, member] = up[wholeFrom(run.chance, 0, up.length - 1)] ?? [];
      if (victim === undefined || member === undefined) throw new Error("there is no process left to kill");
      await live.kill(victim);
      live.struck();
      await live.start({ name: next(member.role), role: member.role });
      run.say(`killed ${victim} (${n + 1} of ${run.times})`);
    }
  });
};

/** Where a leader is frozen: with rows in its hands, with some of them written, with all of them acknowledged. */
const frozenPoints = ["relay-read-rows", "relay-produce-before", "relay-mark-before", "relay-mark-sent"] as const;

/** A leader that says nothing is taken for dead by the database after 30 s; then the heir asks every two. */
const heirWithinMs = 60_000;

const freezeRelay = (run: PayFaultRun): Promise<PayTried> => {
  const next = namesFrom(1);
  const points = Array.from({ length: run.times }, () => frozenPoints).flat();
  return underPayLoad(run, { crew: oneOfEach }, async (live) => {
    for (const point of points) {
      for (const [name, { role }] of live.members) if (role === "relay") await live.kill(name);
      const armed = { point, hit: wholeFrom(run.chance, 2, 6), signal: "SIGSTOP" } as const;
      const zombie = await live.spawn({ name: next("relay"), role: "relay", armed });
      if (!(await isFrozen(live, zombie))) {
        live.missed(`${zombie.name} never came by ${point}; see ${zombie.logFile}`);
        continue;
      }
      const frozenAt = performance.now();
      const heir = await live.start({ name: next("relay"), role: "relay" });
      await untilLeads(live, heir);
      const silentMs = performance.now() - frozenAt;
      live.struck();
      await live.wait(1_000);
      process.kill(zombie.pid, "SIGCONT");
      await live.wait(4_000);
      if (!isAlive(zombie)) live.missed(`${zombie.name} ended when it woke; see ${zombie.logFile}`);
      run.say(`froze ${zombie.name} at ${point}; the other led after ${(silentMs / 1_000).toFixed(1)} s, then woke it`);
    }
  });
};

const untilLeads = async (live: PayLive, { healthUrl, logFile }: PayChild): Promise<void> => {
  const deadline = performance.now() + heirWithinMs;
  const leads = async (): Promise<boolean> => {
    const text = await (await fetch(`${healthUrl}/metrics`)).text();
    return /^sluice_outbox_leading\{outbox="payments"\} 1$/m.test(text);
  };
  while (!(await leads())) {
    if (performance.now() > deadline) throw new Error(`no relay led after ${heirWithinMs} ms; see ${logFile}`);
    await live.wait(200);
  }
};

const isAlive = ({ pid }: PayChild): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const impatient = 32;

const oneOrder = (run: PayFaultRun): Promise<PayTried> => {
  const { scene, times } = run;
  return underPayLoad(run, { crew: twoInFront, perSecond: 50 }, async (live) => {
    const orders = await openOrders(scene, live.feed.prefix, times);
    const clients = createClients({
      urls: live.urls,
      secret: scene.config.tokenSecret,
      connections: impatient,
      signal: scene.signal,
    });
    for (const [n, { orderId, userId }] of orders.entries()) {
      // In every other round half of the clients are one client that clicks sixteen times.
      const keyOf = (at: number): string => `${orderId}-${n % 2 === 1 && at % 2 === 1 ? "same" : at}`;
      const replies = await Promise.all(
        Array.from({ length: impatient }, (_, at) => clients.pay({ orderId, userId, key: keyOf(at) })),
      );
      live.alsoAnswered(replies);
      live.struck();
      const wrong = wrongIn(replies);
      if (wrong !== undefined) live.missed(`round ${n + 1}: ${wrong}`);
    }
    await clients.close();
  });
};

/** One payment, answered to one key; all others are answered that the order is paid. */
const wrongIn = (replies: readonly AttemptReply[]): string | undefined => {
  const winners = new Set(replies.flatMap(({ attempt, reply: one }) => (one.kind === "paid" ? [attempt.key] : [])));
  if (winners.size !== 1) return `${winners.size} of ${impatient} keys were answered as paid`;
  const others = replies.filter(({ reply: one }) => one.kind !== "paid");
  const wrong = others.find(({ reply: one }) => one.kind !== "refused" || one.problem !== "order-not-payable");
  return wrong && `a client was answered ${JSON.stringify(wrong.reply)}`;
};

const unitPrice = 10_000 as Won;

const openOrders = async ({ database }: PayScene, prefix: string, count: number): Promise<readonly Order[]> => {
  const register = orderRegister(database);
  const optionId = `${prefix}wanted` as OptionId;
  const orders = Array.from({ length: count }, (_, n) => ({
    orderId: v7() as OrderId,
    userId: `${prefix}impatient-${n}` as UserId,
    items: [{ optionId, quantity: 1, unitPrice }],
    coupons: [],
  }));
  await register.addOptions([{ optionId, stock: 2 * count }]);
  // Enough to pay twice, so that nothing but the order itself keeps it from being paid again.
  await register.openAccounts(orders.map(({ userId }) => ({ userId, amount: (2 * unitPrice) as Won })));
  await register.openOrders(orders);
  return orders;
};

/** What happens to the processes of payments. */
export const payProcessFaults: readonly PayFault[] = [
  {
    name: "pay-kill",
    about:
      "One of two APIs, two relays, history and external-data, by chance, is killed with SIGKILL at a random moment",
    windows: [4, 24, 25, 26, 27],
    times: 30,
    brokers: 1,
    run: killRandom,
  },
  {
    name: "pay-relay-frozen",
    about: `The leading relay is stopped (SIGSTOP) at ${frozenPoints.join(", ")}; another takes the lead, then it is woken`,
    windows: [26],
    times: 1,
    brokers: 1,
    run: freezeRelay,
  },
  {
    name: "pay-one-order",
    about: "32 clients pay one order at once through two APIs, with 32 keys or 17",
    windows: [27],
    times: 200,
    brokers: 1,
    run: oneOrder,
  },
];
