/** The application: `npm run sluice -- --help` runs what it says. */
import { defineApp, engineOnly, runs } from "sluice-engine/app";
import { memoryInventory } from "./memory-inventory.ts";
import { ordering } from "./topology.ts";

/** A port that is missing here does not compile. The fake is in the adapter's place until there is one. */
export const app = defineApp({
  name: "ordering",
  description: "Orders that take items from an inventory.",
  settings: async () => engineOnly,
  topologies: [
    runs(ordering, {
      open: async () => {
        const inventory = memoryInventory({ a: 1_000 });
        return { deps: () => ({ inventory }), close: async () => {} };
      },
    }),
  ],
});
