/** The relay between a real database and a real log: two at once, commits out of order, and a relay that dies in between. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { stackUnderTest, until } from "../testing/stack-under-test.ts";
import { Unavailable } from "../../engine/errors.ts";
import type { Outbox } from "../../engine/outbox/outbox.ts";
import { startRelay } from "../../engine/outbox/relay.ts";
import { type RelaySettings, relayDefaults, silentRelayTelemetry } from "../../engine/outbox/relay-options.ts";
import type { Payment } from "../../processors/payments/payment-ports.ts";
import { paymentOutbox } from "../../topology/payment-outbox.ts";
import { accumulatorDefaults, createAccumulator, loadPartitionCounts } from "../../engine/log/producer/accumulator.ts";
import { systemClock } from "../../engine/clock.ts";
import { kafkaLog } from "../../engine/log/kafka/kafka-log.ts";
import { silentLogger } from "../../engine/logger.ts";
import type { Producer } from "../../engine/log/producer.ts";
import { createCodec, type Encoder } from "../../engine/avro/codec.ts";
import { confluentRegistry } from "../../engine/registry/registry.ts";
import { paymentsCompleted } from "../../schemas/payment.ts";
import { payments } from "../../stores/testing/outbox.ts";
import { many } from "../../processors/testing/samples.ts";
import { type Database, openDatabase } from "../../stores/mysql/database.ts";
import { orderRegister } from "../../stores/mysql/payments/order-register.ts";
import { outbox } from "../../stores/mysql/payments/outbox.ts";
import { paymentBook } from "../../stores/mysql/payments/payment-book.ts";
import { numberOf } from "../../stores/mysql/testing/number-of.ts";

const { config, database, prepared } = stackUnderTest({ ownsOutbox: true });
const url = config.databaseUrl;
const log = kafkaLog({ brokers: config.brokers, clientId: "relay-test", logger: silentLogger });
const shop = { book: paymentBook(database), register: orderRegister(database) };
let producer: Producer;
let encode: Encoder<Payment>;
/** Whose bytes these are. */
const paymentIds = new WeakMap<Buffer, string>();
before(async () => {
  await prepared();
  const codec = createCodec({ source: confluentRegistry({ url: config.registryUrl }), now: () => performance.now() });
  encode = await codec.encoder(paymentsCompleted);
  producer = createAccumulator({
    ...accumulatorDefaults,
    writer: log,
    partitionCounts: await loadPartitionCounts(log, [paymentsCompleted.name]),
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
  });
});
after(async () => {
  await producer.close();
  await log.close();
});

/** What the log acknowledged, in order, by partition. */
const recorder = (inner: Producer) => {
  const said: { readonly paymentId: string; readonly orderId: string; readonly partition: number }[] = [];
  const recording: Producer = {
    ...inner,
    produce: async (to, records) => {
      await inner.produce(to, records);
      for (const { key, value } of records) {
        said.push({ paymentId: (value && paymentIds.get(value)) ?? "", orderId: String(key), partition: to.partition });
      }
    },
  };
  return { said, producer: recording };
};

const relayOn = (on: {
  readonly database: Database;
  readonly producer: Producer;
  readonly outbox?: Outbox<Payment>;
  readonly settings?: Partial<RelaySettings>;
}) =>
  startRelay({
    definition: paymentOutbox,
    outbox: on.outbox ?? outbox(on.database),
    producer: on.producer,
    encode: (payment) => {
      const bytes = encode(payment);
      paymentIds.set(bytes, payment.paymentId);
      return bytes;
    },
    clock: systemClock,
    random: Math.random,
    backoff: { initialMs: 10, maxMs: 100 },
    logger: silentLogger,
    telemetry: silentRelayTelemetry,
    settings: { ...relayDefaults, ...on.settings },
  });

const countOpen = "SELECT COUNT(*) AS n FROM outbox WHERE published_at IS NULL";
const unpublished = (): Promise<number> => numberOf(database, countOpen);

const assertSame = (said: readonly { readonly paymentId: string }[], paid: readonly Payment[]): void => {
  const ids = new Set(said.map(({ paymentId }) => paymentId));
  assert.deepEqual(
    paid.filter(({ paymentId }) => !ids.has(paymentId)),
    [],
  );
};

test("relay: publishes every payment once when two relays run and 16 clients pay at once", async () => {
  const { said, producer: recording } = recorder(producer);
  const pools = many(2, () => openDatabase({ databaseUrl: url, poolMax: 2, poolKeptIdle: 0 }));
  const relays = pools.map((pool) => relayOn({ database: pool, producer: recording, settings: { maxRows: 50 } }));
  // Sixteen transactions at once commit in whatever order they like.
  const paid = (await Promise.all(many(16, () => payments(shop, 40)))).flat();
  await until("all are published", async () => (await unpublished()) === 0);
  assertSame(said, paid);
  assert.equal(new Set(said.map(({ paymentId }) => paymentId)).size, said.length);
  // The leader stops; the other takes over.
  await relays[0]?.stop();
  const more = await payments(shop, 10);
  await until("the other relay publishes", async () => (await unpublished()) === 0);
  await relays[1]?.stop();
  assertSame(said, more);
  for (const pool of pools) await pool.close();
});

test("relay: publishes again what was acknowledged but not marked when its predecessor died", async () => {
  const { said, producer: recording } = recorder(producer);
  const pool = openDatabase({ databaseUrl: url, poolMax: 2, poolKeptIdle: 0 });
  const paid = await payments(shop, 20);
  // Dies as a process does: between the acknowledgement and the mark nothing more happens, and its connection ends.
  const [died, buried] = [Promise.withResolvers<void>(), Promise.withResolvers<never>()];
  const real = outbox(pool);
  const dying: Outbox<Payment> = {
    ...real,
    lead: (waitMs, work) =>
      real.lead(waitMs, (led) =>
        work({
          ...led,
          markPublished: async () => {
            died.resolve();
            const leader = "SELECT IS_USED_LOCK(CONCAT('sluice-outbox-', LEFT(SHA2(DATABASE(), 256), 32))) AS n";
            await database.sequelize.query(`KILL ${await numberOf(database, leader)}`);
            return buried.promise;
          },
        }),
      ),
  };
  const dead = relayOn({ database: pool, producer: recording, outbox: dying });
  await died.promise;
  assertSame(said, paid);
  assert.equal(await unpublished(), 20);
  const heir = relayOn({ database, producer: recording });
  await until("the heir publishes", async () => (await unpublished()) === 0);
  await heir.stop();
  const times = Map.groupBy(said, ({ paymentId }) => paymentId);
  assert.ok(paid.every(({ paymentId }) => times.get(paymentId)?.length === 2));
  const stopped = dead.stop();
  buried.reject(new Unavailable("database", "its session was killed"));
  await stopped;
  await pool.close();
});
