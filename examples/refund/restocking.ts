/** Restocking: what comes back by a refund is put on its shelf, or set aside where there is no shelf for it. */
import { defineProcessor, defineTopology, from } from "sluice-engine";
import { record, string, topic, type TypeOf } from "sluice-engine/avro";
import { type StockReturned, stockReturned } from "./records.ts";

/** Shelves, by sku. Idempotent by the refund's id and the sku. */
export interface Shelves {
  /** Puts items on their shelf; false where there is none. */
  readonly put: (returned: StockReturned) => Promise<boolean>;
}

export const SetAside = record("refund.v1.SetAside", { refundId: string(), sku: string() });
export const setAside = topic("stock-set-aside", SetAside, {
  key: ({ sku }) => sku,
  id: ({ refundId, sku }) => `${refundId}/${sku}`,
});

type Shelved = { readonly kind: "shelved" } | ({ readonly kind: "noShelf" } & TypeOf<typeof SetAside>);
const putOnShelf = defineProcessor({
  name: "put-on-shelf",
  compensatable: [],
  run: async (returned: StockReturned, { shelves }: { readonly shelves: Shelves }): Promise<Shelved> =>
    (await shelves.put(returned))
      ? { kind: "shelved" }
      : { kind: "noShelf", refundId: returned.refundId, sku: returned.sku },
});
const toSetAside = ({ refundId, sku }: TypeOf<typeof SetAside>) => ({ refundId, sku });

/** Reads what `refunding` writes: two topologies are joined by a topic. */
export const restocking = defineTopology(
  "restocking",
  from(stockReturned, (returned) =>
    returned.step(putOnShelf).branch({
      shelved: (item) => item.drop("on its shelf"),
      noShelf: (item) => item.to(setAside, toSetAside),
    }),
  ),
);
