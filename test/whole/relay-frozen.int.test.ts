/** Relays as processes that are frozen (SIGSTOP) and woken: who leads then, and what the woken one does. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { applyAll } from "../../ops/apply.ts";
import { type StackChild, startOnStack } from "../../dev/children.ts";
import { readConfig } from "../../ops/config.ts";
import { endpointsEnv } from "../../dev/stack/endpoints.ts";
import type { Payment } from "../../processors/payments/payment-ports.ts";
import { kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { createCodec } from "../../engine/avro/codec.ts";
import { paymentsCompleted } from "../../schemas/payment.ts";
import { confluentRegistry } from "../../engine/avro/registry.ts";
import { payments } from "../../stores/testing/outbox.ts";
import { many } from "../../processors/testing/samples.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { orderRegister } from "../../stores/mysql/payments/order-register.ts";
import { outboxToOneself } from "../../stores/mysql/testing/outbox-alone.ts";
import { paymentBook } from "../../stores/mysql/payments/payment-book.ts";
import { withSession } from "../../stores/mysql/session.ts";
import { numberOf } from "../../stores/mysql/testing/number-of.ts";

const stackName = process.env["SLUICE_TEST_STACK"];
assert.ok(stackName !== undefined, "run this with: npm test -- test/whole/relay-frozen.int.test.ts");
const endpoints = {
  brokers: (process.env["SLUICE_BROKERS"] ?? "").split(","),
  registryUrl: process.env["SLUICE_REGISTRY_URL"] ?? "",
  databaseUrl: process.env["SLUICE_DATABASE_URL"] ?? "",
  redisUrl: process.env["SLUICE_REDIS_URL"] ?? "",
};
const config = readConfig(endpointsEnv(endpoints), () => "");
const signal = new AbortController().signal;
const database = openDatabase({ databaseUrl: config.databaseUrl });
const shop = { book: paymentBook(database), register: orderRegister(database) };
const running = new Set<StackChild>();
let giveBack: () => Promise<void>;
let started = 0;

const start = async (): Promise<StackChild> => {
  started += 1;
  const relay = await startOnStack({ stackName, endpoints, command: "relay", name: `frozen-relay-${started}`, signal });
  running.add(relay);
  return relay;
};

const say = (relay: StackChild, what: "SIGSTOP" | "SIGCONT"): void => {
  process.kill(relay.child.pid, what);
};

before(async () => {
  await applyAll(config);
  giveBack = await outboxToOneself(config.databaseUrl);
});
afterEach(async () => {
  for (const relay of running) say(relay, "SIGCONT");
  await Promise.all([...running].map(({ child }) => child.stop()));
  running.clear();
});
after(async () => {
  await giveBack();
  await database.close();
});

const metricOf = async ({ healthUrl }: StackChild, name: string): Promise<number> => {
  const text = await (await fetch(`${healthUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
};

/** Far below the hours for which a server keeps a lock, and below the 30 s of an earlier limit. */
const takeOverMs = 20_000;

const until = async (what: string, limitMs: number, holds: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + limitMs; !(await holds()); ) {
    if (Date.now() > end) assert.fail(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const leads = async (relay: StackChild): Promise<boolean> => (await metricOf(relay, "sluice_outbox_leading")) === 1;

const countOpen = "SELECT COUNT(*) AS n FROM outbox WHERE published_at IS NULL";
const allPublished = (): Promise<boolean> => numberOf(database, countOpen).then((n) => n === 0);

const readNow = "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED) AS n";
const countSince = "SELECT COUNT(*) AS n FROM outbox WHERE published_at > ?";
const number = (sql: string, values: readonly number[]): Promise<number> => numberOf(database, sql, values);
const databaseNow = (): Promise<number> => number(readNow, []);
const publishedSince = (ms: number): Promise<number> => number(countSince, [ms]);

/** What the topic says, by order, each as often as it is there. */
const told = async (): Promise<ReadonlyMap<string, readonly string[]>> => {
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "frozen-test" });
  const codec = createCodec({ source: confluentRegistry({ url: config.registryUrl }), now: () => performance.now() });
  const decoder = codec.decoder(paymentsCompleted);
  const byOrder = new Map<string, string[]>();
  try {
    await admin.readTopic(paymentsCompleted.name, async (_partition, records) => {
      for (const { value } of records) {
        let decoded = decoder.decode(value);
        if (decoded.kind === "unknownSchema") {
          await decoder.learn(decoded.id);
          decoded = decoder.decode(value);
        }
        assert.ok(decoded.kind === "value");
        const { orderId, paymentId } = decoded.value;
        byOrder.set(orderId, [...(byOrder.get(orderId) ?? []), paymentId]);
      }
    });
  } finally {
    await admin.close();
  }
  return byOrder;
};

test("relay: is replaced when it is frozen while it leads, marks nothing when it wakes, and all is told", async (t) => {
  const zombie = await start();
  await until("the first relay leads", takeOverMs, () => leads(zombie));
  const heir = await start();
  const paid: Payment[] = [];
  let paying = true;
  t.after(() => {
    paying = false;
  });
  const clients = many(4, async () => {
    while (paying) paid.push(...(await payments(shop, 20)));
  });
  await until(
    "something is published",
    takeOverMs,
    async () => (await metricOf(zombie, "sluice_outbox_published_total")) > 100,
  );
  say(zombie, "SIGSTOP");
  const frozenAt = Date.now();
  await until("the other relay leads", takeOverMs, () => leads(heir));
  t.diagnostic(`another leads ${Date.now() - frozenAt} ms after the leader was frozen`);
  await until(
    "the other relay publishes",
    takeOverMs,
    async () => (await metricOf(heir, "sluice_outbox_published_total")) > 500,
  );
  const before = await metricOf(heir, "sluice_outbox_published_total");
  const sinceMs = await databaseNow();
  say(zombie, "SIGCONT");
  // Awake, it finds its connection gone, waits for its turn, and is ready as one that waits.
  await until("the woken relay has lost the lead", takeOverMs, async () => !(await leads(zombie)));
  await until("the other relay goes on", takeOverMs, async () => (await publishedSince(sinceMs)) > 100);
  paying = false;
  await Promise.all(clients);
  await until("all is published", takeOverMs, allPublished);
  assert.deepEqual([await leads(zombie), await leads(heir)], [false, true]);
  assert.equal((await fetch(`${zombie.healthUrl}/ready`)).status, 200);
  // What was marked since then was marked by the heir. Other tests may have paid some of it.
  const marked = await publishedSince(sinceMs);
  const byHeir = (await metricOf(heir, "sluice_outbox_published_total")) - before;
  assert.ok(marked > 0 && marked <= byHeir, `${marked} rows were marked, ${byHeir} of them by the heir`);
  const topic = await told();
  for (const { orderId, paymentId } of paid) assert.deepEqual([...new Set(topic.get(orderId))], [paymentId]);
});

test("relay: is replaced when it is given the lead while it is frozen", async (t) => {
  const leader = await start();
  await until("the first relay leads", takeOverMs, () => leads(leader));
  const frozen = await start();
  // It asks for the lead and waits in the database nearly all of its time.
  const asking =
    "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE state = 'User lock' AND info LIKE '%sluice-outbox-%'";
  await until("the second relay waits for the lead", takeOverMs, async () => {
    if ((await numberOf(database, asking)) !== 1) return false;
    say(frozen, "SIGSTOP");
    const still = await numberOf(database, asking);
    if (still !== 1) say(frozen, "SIGCONT");
    return still === 1;
  });
  await leader.child.stop();
  running.delete(leader);
  const heir = await start();
  const askedAt = Date.now();
  await until("the third relay leads", takeOverMs, () => leads(heir));
  t.diagnostic(`the next leads ${Date.now() - askedAt} ms after it began to ask`);
  const paid = await payments(shop, 10);
  await until("all is published", takeOverMs, allPublished);
  const topic = await told();
  for (const { orderId, paymentId } of paid) assert.deepEqual(topic.get(orderId), [paymentId]);
});

const ageKeys = "UPDATE payment_key SET created_at = 1 WHERE user_id = ?";
const countKeys = "SELECT COUNT(*) AS n FROM payment_key WHERE user_id = ?";

test("relay: forgets old keys while it leads", async () => {
  const relay = await start();
  const [old, fresh] = [await payments(shop, 3), await payments(shop, 3)];
  const keysOf = (paid: readonly Payment[]) => numberOf(database, countKeys, [Buffer.from(paid[0]?.userId ?? "")]);
  await withSession(database, ({ change }) => change(ageKeys, [Buffer.from(old[0]?.userId ?? "")]));
  await until("old keys are forgotten", takeOverMs, async () => (await keysOf(old)) === 0);
  assert.equal(await keysOf(fresh), 3);
  await until("they are counted", takeOverMs, async () => {
    const counted = await metricOf(relay, 'sluice_idempotency_keys_pruned_total\\{kind="payment"\\}');
    return counted >= 3;
  });
});
