/** The snippets of docs/dsl.md in a small world where they compile; test/whole/documents compares their text. Never run. */
import { type OpenedOutbox, relays } from "../app/define-app.ts";
import { record, string } from "../avro/avro.ts";
import { type Topic, topic } from "../avro/topic.ts";
import { defineOutbox } from "../outbox/define-outbox.ts";
import { defineTopology, from, type Stream, undo } from "./dsl.ts";
import type { Project, Undone } from "./parts.ts";
import { type Compensation, type Poisoned, pivot, type Processor } from "./processor.ts";
import type { Store } from "./store.ts";

interface Entry {
  readonly id: string;
}
type Is<Kind extends string> = { readonly kind: Kind } & Entry;
const Entry = record("doc.v1.Entry", { id: string() });
const entries = (name: string): Topic<Entry> => topic(name, Entry, { key: "id", id: ({ id }) => id });
const [paid, refunded, refused, audit] = [entries("paid"), entries("refunded"), entries("refused"), entries("audit")];
const [couponsIssued, couponsRefused, couponsCompensated] = [
  entries("issued"),
  entries("not-issued"),
  entries("undone"),
];
const stockReturned = entries("stock-returned");

declare const path: Stream<Entry, unknown>;
declare const history: Store<Entry, unknown>;
declare const reserveStock: Processor<Entry, Is<"reserved"> | Is<"soldOut"> | Is<"closed">, unknown, "reserved">;
declare const releaseStock: Compensation<Is<"reserved">, unknown>;
declare const check: Processor<Entry, Is<"checked">, unknown, never>;
declare const take: Processor<Entry, Is<"took">, unknown, "took">;
declare const giveBack: Compensation<Is<"took">, unknown>;
declare const pay: Processor<Entry, Is<"paid">, unknown, never>;
declare const reserve: Processor<{ readonly request: Entry }, Is<"held"> | Is<"none">, unknown, never>;
declare const toEntry: Project<Entry, Entry>;
declare const toItems: Project<Entry, readonly Entry[]>;
declare const toCompensated: Project<Undone<Is<"reserved">>, Entry>;
const [toRow, toAudit, toIssued] = [toEntry, toEntry, toEntry];
const toRefused = (value: Poisoned<Entry> | Entry): Entry => ("input" in value ? value.input : value);
const toPaid = (row: Entry): Entry => row;
declare const openOutbox: () => Promise<OpenedOutbox<Entry>>;
const refuse = (stream: Stream<Entry, unknown>) => stream.fail(couponsRefused, toEntry);

export const payments = defineTopology(
  "payments",
  from(paid, (path) => path.to(history, toRow)),
);

from([paid, refunded], (path) => path.map(toEntry).to(history, toRow));

export const paymentOutbox = defineOutbox({ name: "payments", topic: paid, project: toPaid });

relays(paymentOutbox, { open: openOutbox });

path
  .step(reserveStock, { reserved: undo(releaseStock, couponsCompensated, toCompensated) })
  .continueOn("reserved", { soldOut: refuse, closed: refuse });

path.step(check, { as: "check-again", attempts: 2, timeoutMs: 500 });
path.step(take, { took: undo(giveBack) }, { as: "take-spare" });

path.step(check, { catchPoison: true }).continueOn("checked", {
  poison: (poison) => poison.fail(refused, toRefused),
});

undo(releaseStock, couponsCompensated, toCompensated);
undo(releaseStock);
pivot("the money has moved");

path.map(toEntry);
path.also(audit, toAudit).step(pay);
path.keep("request").step(reserve);

path.to(couponsIssued, toIssued);
path.toMany(stockReturned, toItems);
path.fail(couponsRefused, toRefused);
path.drop("not wanted");
