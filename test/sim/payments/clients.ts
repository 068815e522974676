/** Clients: each wants one order paid, and asks again with the same key until it is answered what came of it, with growing readinessPolicy and pauses. */
import type { Dice } from "../environment/dice.ts";
import type { Time } from "../environment/time.ts";
import type { Api, Reply } from "./api.ts";
import type { PaymentScenario } from "./scenario.ts";
import type { Wish } from "./workload.ts";

/** What clients live in. */
export interface ClientWorld {
  readonly api: Api;
  readonly time: Time;
  readonly dice: Dice;
  readonly scenario: Pick<PaymentScenario, "patienceMs" | "acknowledgeTimeoutMs">;
}

/** Sends clients on their way; answers how many have no answer yet. */
export const sendClients = (wishes: readonly Wish[], { api, time, dice, scenario }: ClientWorld): (() => number) => {
  const { patienceMs, acknowledgeTimeoutMs } = scenario;
  // Who asks again sooner than it can be answered, for ever, is answered never.
  const maxPatienceMs = acknowledgeTimeoutMs + 2_000;
  let waiting = wishes.length;
  const untilTold = async (wish: Wish): Promise<void> => {
    let key = wish.key;
    for (let attempts = 1; ; attempts += 1) {
      const reply = await api.ask({ ...wish, key }, Math.min(patienceMs * 2 ** (attempts - 1), maxPatienceMs));
      if (isFinal(reply)) return;
      await time.sleep(dice.between(5, 100 * 2 ** Math.min(attempts, 5)));
      // A person who clicks the button anew, not knowing that it had worked.
      if (wish.isImpatient && attempts === 1) key = `${key}-again`;
    }
  };
  const live = async (wish: Wish): Promise<void> => {
    await time.sleep(wish.atMs);
    await untilTold(wish);
    if (wish.comesBack) {
      await time.sleep(dice.between(1, 2_000));
      await untilTold({ ...wish, isImpatient: false });
    }
    waiting -= 1;
  };
  for (const wish of wishes) void live(wish);
  return () => waiting;
};

/** Whether asking again would be for nothing. */
const isFinal = (reply: Reply | "lost"): boolean => reply !== "lost" && reply.kind !== "problem";
