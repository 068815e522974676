/** The parts of a relay under test: an outbox in memory, a producer that waits to be told, and what it logged and counted. */
import { long, record, string } from "../../avro/avro.ts";
import { topic } from "../../avro/topic.ts";
import { encodeAsJson, type FakeProducer, fakeProducer } from "../../log/testing/fake-producer.ts";
import { silentLogger } from "../../logger.ts";
import { steppedClock } from "../../testing/stepped-clock.ts";
import { defineOutbox } from "../define-outbox.ts";
import type { Outbox } from "../outbox.ts";
import { startRelay } from "../relay.ts";
import { type Relay, type RelaySettings, relayDefaults } from "../relay-options.ts";
import { type MemoryOutbox, memoryOutbox } from "../memory-outbox.ts";

/** A value of the outbox under test. */
export interface Sale {
  readonly saleId: string;
  readonly shop: string;
  readonly amount: number;
}

const SaleMade = record("sales.v1.SaleMade", { saleId: string(), shop: string(), amount: long() });
const salesMade = topic("sale-made", SaleMade, { key: ({ shop }) => shop, id: ({ saleId }) => saleId });
const sales = defineOutbox({ name: "sales", topic: salesMade, project: (sale: Sale) => sale });

/** The n-th sale, of its own shop or of another. */
export const saleOf = (n: number, shop = n): Sale => ({ saleId: `sale-${n}`, shop: `shop-${shop}`, amount: n });

/** A relay's parts, on fakes and a clock that a test moves. */
export const stage = (settings: Partial<RelaySettings> = {}) => {
  const table: MemoryOutbox<Sale> = memoryOutbox(({ saleId }) => saleId);
  const producer = fakeProducer<Sale>();
  const time = steppedClock();
  const seen = { published: 0, pruned: 0, aside: 0, leads: [] as boolean[], lags: [] as number[] };
  const lines: unknown[] = [];
  const line = (fields: object): void => void lines.push(fields);
  const logger = { ...silentLogger, error: line };
  const start = (
    on: Partial<{ outbox: Outbox<Sale>; producer: FakeProducer<Sale>; encode: (sale: Sale) => Buffer }> = {},
  ) =>
    startRelay({
      definition: sales,
      outbox: table.outbox,
      producer,
      encode: encodeAsJson,
      clock: time.clock,
      random: () => 0.5,
      backoff: { initialMs: 50, maxMs: 1_000 },
      logger,
      telemetry: {
        published: (rows) => {
          seen.published += rows;
        },
        pruned: (rows) => {
          seen.pruned += rows;
        },
        setAside: (rows) => {
          seen.aside = rows;
        },
        leading: (leads) => seen.leads.push(leads),
        lag: ({ rows }) => seen.lags.push(rows),
      },
      settings: { ...relayDefaults, ...settings },
      ...on,
    });
  const unpublished = () => [...table.rows.values()].filter(({ publishedAt }) => publishedAt === null).length;
  const amounts = () => producer.produced.map(({ value }) => value.amount);
  return { table, producer, seen, lines, write: table.add, start, unpublished, amounts, step: time.step };
};

/** Stops a relay whose clock has to be moved for it. */
export const ended = async (
  { step }: { readonly step: (ms: number) => Promise<void> },
  relay: Relay,
): Promise<void> => {
  let done = false;
  const stopping = relay.stop().then(() => {
    done = true;
  });
  for (let turn = 0; turn < 100 && !done; turn++) await step(1_000);
  await stopping;
};
