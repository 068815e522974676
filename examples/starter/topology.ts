/** Orders: each one takes its items from the inventory, and is accepted, refused, or ignored as unknown. */
import { defineTopology, from } from "sluice-engine";
import { boolean, int, record, string, topic, type TypeOf } from "sluice-engine/avro";
import { type Taken, takeItems } from "./take-items.ts";

export const Order = record("shop.v1.Order", { orderId: string(), sku: string(), quantity: int() });
export const Answer = record("shop.v1.Answer", { orderId: string(), accepted: boolean(), left: int() });

const orderId = (value: { readonly orderId: string }) => value.orderId;
const byOrder = { key: orderId, id: orderId };
export const orders = topic("orders", Order, byOrder);
export const answers = topic("order-answers", Answer, byOrder);

function toAnswer({ kind, order, left }: Taken<"taken"> | Taken<"short">): TypeOf<typeof Answer> {
  return { orderId: order.orderId, accepted: kind === "taken", left };
}

/** Leave an outcome out and it does not compile. */
export const ordering = defineTopology(
  "ordering",
  from(orders, (incoming) =>
    incoming.step(takeItems).branch({
      taken: (order) => order.to(answers, toAnswer),
      short: (order) => order.to(answers, toAnswer),
      unknownSku: (order) => order.drop("we do not sell it"),
    }),
  ),
);
