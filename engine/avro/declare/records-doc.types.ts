/** The records of docs/dsl.md where they compile; test/whole/documents compares their text. Never run. */
import {
  array,
  decimal,
  int,
  optional,
  record,
  string,
  symbols,
  type TypeOf,
  union,
  uuid,
  withAliases,
  withDefault,
} from "../avro.ts";

type OrderId = string & { readonly orderId: true };

const Item = record("shop.v1.Item", { sku: string(), price: decimal(12, 2) });
const Card = record("shop.v1.Card", { last4: string() });
const Cash = record("shop.v1.Cash", { till: int() });
export const Order = record("shop.v1.Order", {
  orderId: uuid<OrderId>(),
  items: array(Item), // a record in a record, as often as needed
  paidBy: union(Card, Cash), // order.paidBy.kind === "Card" narrows order.paidBy.value
  note: withDefault(optional(string()), "none"),
  source: withAliases(symbols("Source", ["WEB", "SHOP"], { default: "WEB" }), "channel"),
});
export type Order = TypeOf<typeof Order>;
