/** What the types of declared records promise: claims about what is inferred, and programs that must not compile. Never run. */
import {
  array,
  boolean,
  bytes,
  date,
  decimal,
  double,
  int,
  long,
  map,
  optional,
  record,
  string,
  symbols,
  type TypeOf,
  union,
  withAliases,
  withDefault,
} from "../avro.ts";

// Invariant in both: `any`, `never` and optional or readonly differences are seen.
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Expect<T extends true> = T;

const Item = record("test.v1.Item", { sku: string(), quantity: int() });
type Item = TypeOf<typeof Item>;
const Card = record("test.v1.Card", { last4: string() });
const Cash = record("test.v1.Cash", { till: int() });
const Method = union(Card, Cash, long());

const Everything = record("test.v1.Everything", {
  yes: boolean(),
  share: double(),
  raw: bytes(),
  price: decimal(12, 2),
  day: date(),
  items: array(Item),
  prices: map(optional(decimal(12, 2))),
  first: Item,
  method: Method,
  maybe: optional(Method),
  color: symbols("Color", ["RED", "BLUE"], { default: "RED" }),
  retries: withDefault(int(), 3),
  note: withAliases(withDefault(optional(string()), "none"), "comment"),
});
type Everything = TypeOf<typeof Everything>;

export type Claims = [
  Expect<Equal<Item, { readonly sku: string; readonly quantity: number }>>,
  Expect<Equal<Everything["yes"], boolean>>,
  Expect<Equal<Everything["raw"], Buffer>>,
  Expect<Equal<Everything["price"], bigint>>,
  Expect<Equal<Everything["items"], readonly Item[]>>,
  Expect<Equal<Everything["prices"], ReadonlyMap<string, bigint | null>>>,
  Expect<Equal<Everything["first"], Item>>,
  Expect<Equal<Everything["method"]["kind"], "Card" | "Cash" | "long">>,
  Expect<Equal<Everything["color"], "RED" | "BLUE">>,
  Expect<Equal<Everything["retries"], number>>,
  Expect<Equal<Everything["note"], string | null>>,
];

/** A union narrows by its tag. */
export const textOf = (method: TypeOf<typeof Method>): string => {
  switch (method.kind) {
    case "Card":
      return method.value.last4;
    case "Cash":
      return method.value.till.toFixed();
    case "long":
      return method.value.toFixed();
  }
};

/** None of these compiles. */
export const refused = (): void => {
  // @ts-expect-error a default is of its field's type
  withDefault(int(), "3");
  // @ts-expect-error null only where it is optional
  withDefault(string(), null);
  // @ts-expect-error a field with a default is for records only
  array(withDefault(int(), 3));
  // @ts-expect-error an enum's default is one of its symbols
  symbols("Color", ["RED"], { default: "GREEN" });
  // @ts-expect-error a union has two branches or more
  union(Card);
  // @ts-expect-error a number is no decimal
  withDefault(decimal(12, 2), 3);
  // @ts-expect-error an alias at least
  withAliases(string());
};
