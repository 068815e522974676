/** What must not compile: an application that lacks a port of one of its topologies. Checked by `tsc`, never run. */
import { record, string, type TypeOf } from "../avro/avro.ts";
import { topic } from "../avro/topic.ts";
import { defineTopology, from } from "../flow/dsl.ts";
import { defineProcessor } from "../flow/processor.ts";
import { defineStore } from "../flow/store.ts";
import type { EngineConfig } from "./config/engine-config.ts";
import { defineOutbox } from "../outbox/define-outbox.ts";
import { memoryOutbox } from "../outbox/memory-outbox.ts";
import { type Hosted, type HostedOutbox, type ProcessContext, relays, runs } from "./define-app.ts";

const Ask = record("t.v1.Ask", { id: string() });
const asks = topic("asks", Ask, { key: ({ id }) => id, id: ({ id }) => id });
const look = defineProcessor({
  name: "look",
  compensatable: [],
  run: async (
    ask: TypeOf<typeof Ask>,
    deps: { readonly catalog: { readonly has: (id: string) => Promise<boolean> } },
  ): Promise<{ readonly kind: "found"; readonly id: string }> => {
    await deps.catalog.has(ask.id);
    return { kind: "found", id: ask.id };
  },
});
const shelf = defineStore({
  name: "shelf",
  write: (_: { readonly id: string }, deps: { readonly shelf: { readonly put: () => Promise<void> } }) =>
    deps.shelf.put(),
});
const looking = defineTopology(
  "looking",
  from(asks, (stream) => stream.step(look).to(shelf, ({ id }) => ({ id }))),
);
const catalog = { has: async () => true };
const close = async (): Promise<void> => {};

interface OwnConfig extends EngineConfig {
  readonly shelfUrl: string;
}

/** Compiles: every port is there, and `open` may ask for the application's own configuration. */
export const whole: Hosted<OwnConfig> = runs(looking, {
  open: async ({ config }: ProcessContext<OwnConfig>) => ({
    deps: () => ({ catalog, shelf: { put: async () => void config.shelfUrl } }),
    close,
  }),
});

/** Does not: a port is missing. */
export const lacking = runs(looking, {
  // @ts-expect-error shelf is missing
  open: async () => ({ deps: () => ({ catalog }), close }),
});

/** Does not: a port is another. */
export const other = runs(looking, {
  // @ts-expect-error the catalog has no has
  open: async () => ({ deps: () => ({ catalog: {}, shelf: { put: async () => {} } }), close }),
});

/** Does not: nothing closes what was opened. */
export const leaking = runs(looking, {
  // @ts-expect-error close is missing
  open: async () => ({ deps: () => ({ catalog, shelf: { put: async () => {} } }) }),
});

/** Does not: an application without such a setting cannot host it. */
// @ts-expect-error the configuration has no shelfUrl
export const narrow: Hosted<EngineConfig> = whole;

const asking = defineOutbox({ name: "asking", topic: asks, project: (row: { readonly id: string }) => row });

/** Compiles: what is opened gives the rows that the outbox projects. */
export const relayed: HostedOutbox = relays(asking, {
  open: async () => ({ outbox: memoryOutbox<{ readonly id: string }>(({ id }) => id).outbox, close }),
});

/** Does not: its rows are others. */
export const misread = relays(asking, {
  // @ts-expect-error the outbox has rows without an id
  open: async () => ({ outbox: memoryOutbox<{ readonly no: number }>(({ no }) => String(no)).outbox, close }),
});
