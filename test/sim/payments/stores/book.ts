/** The payment book of one process: its statements and its COMMIT are two calls, between which anything may happen. */
import { Unavailable } from "../../../../engine/errors.ts";
import { type PaymentAnswer, type PaymentBook, PaymentInDoubt } from "../../../../processors/payments/payment-ports.ts";
import type { Process } from "../../environment/process.ts";
import { connect, type DatabaseWorld } from "./connection.ts";
import { orderName, paymentName } from "../names.ts";

/** How long a process may take before its COMMIT, ms. */
const dawdleMs = 400;

/** The book. A lost COMMIT is in doubt, everything before it is undone, as the real one has it. */
export const bookOf = (process: Process, world: DatabaseWorld): Pick<PaymentBook, "pay"> => ({
  pay: async (asks) => {
    const { database, dice, scenario, stormy } = world;
    const about = [...new Set(asks.map(({ orderId }) => orderName(orderId)))];
    const connection = connect(process, world);
    const answers = await connection.say({
      ...{ kind: "effect", about },
      what: () => `pay ${asks.map((ask) => `${orderName(ask.orderId)} by ${ask.userId} ${ask.key}`).join(", ")}`,
      effect: () => database.begin(connection.session, asks),
      inWords: (decided) => decided.map(inWords).join(", "),
    });
    if (stormy() && dice.chance(scenario.dawdles)) await process.clock.sleep(dice.between(1, dawdleMs));
    try {
      await connection.say({
        ...{ kind: "effect", about },
        what: () => `commit ${about.join(" ")}`,
        effect: () => database.commit(connection.session),
      });
    } catch (error) {
      throw error instanceof Unavailable ? new PaymentInDoubt({ cause: error }) : error;
    }
    connection.close();
    world.heard(asks);
    return answers;
  },
});

/** An answer in a word or two. */
export const inWords = (answer: PaymentAnswer): string =>
  answer.kind === "paid" || answer.kind === "repeat"
    ? `${answer.kind} ${paymentName(answer.payment.paymentId)}`
    : answer.kind;
