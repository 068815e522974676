/** The step: what it decides, and the port it needs for that. */
import { defineProcessor } from "sluice-engine";
import type { TypeOf } from "sluice-engine/avro";
import type { Order } from "./topology.ts";

/** The port. An adapter implements it with a database, `memoryInventory` in memory; both pass its contract. */
export interface Inventory {
  /** Takes items once for an order, however often it is asked; undefined for what is not sold. */
  readonly take: (order: TypeOf<typeof Order>) => Promise<{ readonly ok: boolean; readonly left: number } | undefined>;
}

/** An outcome that carries its order. */
export interface Taken<Kind extends string> {
  readonly kind: Kind;
  readonly order: TypeOf<typeof Order>;
  readonly left: number;
}
type Outcome = Taken<"taken"> | Taken<"short"> | { readonly kind: "unknownSku" };

/** Asked again for the same order it gives the same outcome, because the port does. */
export const takeItems = defineProcessor({
  name: "take-items",
  compensatable: [],
  run: async (order: TypeOf<typeof Order>, deps: { readonly inventory: Inventory }): Promise<Outcome> => {
    const answer = await deps.inventory.take(order);
    if (answer === undefined) return { kind: "unknownSku" };
    return { kind: answer.ok ? "taken" : "short", order, left: answer.left };
  },
});
