/** The application of refunds. Its own setting says where the shop's database is; the fakes are in its adapters' place. */
import {
  defineApp,
  defineSettings,
  type EngineConfig,
  type ProcessContext,
  relays,
  runs,
  url,
} from "sluice-engine/app";
import { memoryOutbox } from "sluice-engine/testing";
import { memoryShelves } from "./memory-shelves.ts";
import { memoryShop } from "./memory-shop.ts";
import { refundOutbox, type RefundRow } from "./outbox.ts";
import { refunding } from "./refunding.ts";
import { restocking } from "./restocking.ts";

interface RefundConfig extends EngineConfig {
  readonly databaseUrl: string;
}

const settings = defineSettings({
  settings: { REFUND_DATABASE_URL: url(["mysql:"]).default("mysql://127.0.0.1/refunds") },
  secrets: ["REFUND_DATABASE_URL"],
  toConfig: (given) => ({ databaseUrl: given.REFUND_DATABASE_URL }),
});

export const app = defineApp({
  name: "refunds",
  description: "Refunds of payments.",
  settings: async () => settings,
  topologies: [
    runs(refunding, {
      open: async ({ config, logger }: ProcessContext<RefundConfig>) => {
        logger.info({ event: "shop.opened", database: new URL(config.databaseUrl).hostname }, "the shop is in memory");
        const shop = memoryShop([]);
        return { deps: () => shop, close: async () => {} };
      },
    }),
    runs(restocking, {
      open: async () => ({ deps: () => ({ shelves: memoryShelves("cup", "pot") }), close: async () => {} }),
    }),
  ],
  outboxes: [
    relays(refundOutbox, {
      open: async () => ({ outbox: memoryOutbox<RefundRow>(({ id }) => id).outbox, close: async () => {} }),
    }),
  ],
});
