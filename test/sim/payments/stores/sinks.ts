/** Where payments end: the history in the database, and a platform that remembers what it took; both behind the network. */
import { Poison, Retriable, Unavailable } from "../../../../engine/errors.ts";
import type { OrderId, PaymentId } from "../../../../schemas/payment.ts";
import type { DataPlatform, PaymentDocument } from "../../../../sinks/data-platform.ts";
import type { TransactionHistory } from "../../../../sinks/transaction-history.ts";
import type { Dice } from "../../environment/dice.ts";
import type { Network } from "../../environment/network.ts";
import type { Process } from "../../environment/process.ts";
import { orderName } from "../names.ts";

/** What sinks are reached through. */
export interface SinkWorld {
  readonly network: Network;
  readonly history: TransactionHistory;
  readonly platform: Platform;
}

/** Attempts at one insert that others get in the way of, as stores/mysql/session.ts has it. */
const conflictAttempts = 3;

/** The history as one process sees it. */
export const historyOf = (from: Process, { network, history }: SinkWorld): TransactionHistory => ({
  record: async (rows) => {
    const about = rows.map(({ orderId }) => orderName(orderId));
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await network.call({
          ...{ from, to: "database", kind: "effect", about },
          what: () => `remember ${about.join(" ")}`,
          effect: () => history.record(rows),
        });
      } catch (error) {
        if (!(error instanceof Retriable) || attempt === conflictAttempts) throw error;
      }
    }
  },
});

/** The platform as one process sees it. */
export const platformOf = (from: Process, { network, platform }: SinkWorld): DataPlatform => ({
  deliver: (document) =>
    network.call({
      ...{ from, to: "platform", kind: "effect", about: [orderName(document.orderId)] },
      what: () => `deliver ${orderName(document.orderId)}`,
      effect: async () => platform.take(document.paymentId, document),
    }),
});

/** A platform that does as its contract says. */
export interface Platform {
  /** `key`: the request's Idempotency-Key. @throws Unavailable where it is busy @throws Poison where it will never take it. */
  readonly take: (key: PaymentId, document: PaymentDocument) => void;
  /** How often each payment had an effect: more than once where it came under two keys. */
  readonly effects: ReadonlyMap<PaymentId, number>;
  /** What it refused for ever, and why. */
  readonly refused: ReadonlyMap<PaymentId, string>;
}

/** How a platform behaves. */
export interface PlatformOptions {
  readonly unwanted: ReadonlySet<OrderId>;
  readonly busy: number;
  readonly dice: Dice;
  readonly stormy: () => boolean;
}

/** A platform that has nothing yet. */
export const createPlatform = ({ unwanted, busy, dice, stormy }: PlatformOptions): Platform => {
  const byKey = new Map<PaymentId, string>();
  const effects = new Map<PaymentId, number>();
  const refused = new Map<PaymentId, string>();
  const refuse = (key: PaymentId, why: string): never => {
    refused.set(key, why);
    throw new Poison("DELIVERY_REFUSED", `the platform refuses payment ${key}: ${why}`, { idempotencyKey: key });
  };
  return {
    effects,
    refused,
    take: (key, document) => {
      if (stormy() && dice.chance(busy)) throw new Unavailable("data-platform", "it answered 429");
      if (unwanted.has(document.orderId)) refuse(key, "unwanted");
      const text = JSON.stringify(document);
      const known = byKey.get(key);
      if (known === text) return;
      if (known !== undefined) refuse(key, "the key came with another document");
      byKey.set(key, text);
      effects.set(document.paymentId, (effects.get(document.paymentId) ?? 0) + 1);
    },
  };
};
