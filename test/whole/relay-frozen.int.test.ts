/** Relays as processes that are frozen (SIGSTOP) and woken: who leads then, and what the woken one does. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { StackChild } from "../../dev/children.ts";
import { readPayments } from "../testing/read-payments.ts";
import { stackUnderTest, until as untilWithin } from "../testing/stack-under-test.ts";
import type { Payment } from "../../processors/payments/payment-ports.ts";
import { payments } from "../../stores/testing/outbox.ts";
import { many } from "../../processors/testing/samples.ts";
import { orderRegister } from "../../stores/mysql/payments/order-register.ts";
import { paymentBook } from "../../stores/mysql/payments/payment-book.ts";
import { withSession } from "../../stores/mysql/session.ts";
import { numberOf } from "../../stores/mysql/testing/number-of.ts";

const stack = stackUnderTest({ ownsOutbox: true });
const { config, database } = stack;
const shop = { book: paymentBook(database), register: orderRegister(database) };
let started = 0;

const start = (): Promise<StackChild> => stack.start({ command: "relay", name: `frozen-relay-${started++}` });

afterEach(stack.stopAll);

const metricOf = async ({ healthUrl }: StackChild, name: string, label = 'outbox="payments"'): Promise<number> => {
  const text = await (await fetch(`${healthUrl}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{${label}\\} (\\S+)$`, "m").exec(text)?.[1]);
};

/** Far below the hours for which a server keeps a lock, and below the 30 s of an earlier limit. */
const takeOverMs = 20_000;

const until = (what: string, holds: () => Promise<boolean>): Promise<void> => untilWithin(what, holds, takeOverMs);

const leads = async (relay: StackChild): Promise<boolean> => (await metricOf(relay, "sluice_outbox_leading")) === 1;

const countOpen = "SELECT COUNT(*) AS n FROM outbox WHERE published_at IS NULL";
const allPublished = (): Promise<boolean> => numberOf(database, countOpen).then((n) => n === 0);

const readNow = "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED) AS n";
const countSince = "SELECT COUNT(*) AS n FROM outbox WHERE published_at > ?";
const number = (sql: string, values: readonly number[]): Promise<number> => numberOf(database, sql, values);
const databaseNow = (): Promise<number> => number(readNow, []);
const publishedSince = (ms: number): Promise<number> => number(countSince, [ms]);

/** Ids of the payments in the topic, by order, each as often as it is there. */
const publishedByOrder = async (): Promise<ReadonlyMap<string, readonly string[]>> => {
  const byOrder = Map.groupBy(await readPayments(config), ({ orderId }) => orderId);
  return new Map([...byOrder].map(([orderId, some]) => [orderId, some.map(({ paymentId }) => paymentId)]));
};

test("relay: is replaced when it is frozen while it leads, marks nothing when it wakes, and all is published", async (t) => {
  const zombie = await start();
  await until("the first relay leads", () => leads(zombie));
  const heir = await start();
  const paid: Payment[] = [];
  let paying = true;
  t.after(() => {
    paying = false;
  });
  const clients = many(4, async () => {
    while (paying) paid.push(...(await payments(shop, 20)));
  });
  await until("something is published", async () => (await metricOf(zombie, "sluice_outbox_published_total")) > 100);
  zombie.child.signal("SIGSTOP");
  const frozenAt = Date.now();
  await until("the other relay leads", () => leads(heir));
  t.diagnostic(`another leads ${Date.now() - frozenAt} ms after the leader was frozen`);
  await until("the other relay publishes", async () => (await metricOf(heir, "sluice_outbox_published_total")) > 500);
  const before = await metricOf(heir, "sluice_outbox_published_total");
  const sinceMs = await databaseNow();
  zombie.child.signal("SIGCONT");
  // Awake, it finds its connection gone, waits for its turn, and is ready as one that waits.
  await until("the woken relay has lost the lead", async () => !(await leads(zombie)));
  await until("the other relay publishes", async () => (await publishedSince(sinceMs)) > 100);
  paying = false;
  await Promise.all(clients);
  await until("all is published", allPublished);
  assert.deepEqual([await leads(zombie), await leads(heir)], [false, true]);
  assert.equal((await fetch(`${zombie.healthUrl}/ready`)).status, 200);
  // What was marked since then was marked by the heir. Other tests may have paid some of it.
  const marked = await publishedSince(sinceMs);
  const byHeir = (await metricOf(heir, "sluice_outbox_published_total")) - before;
  assert.ok(marked > 0 && marked <= byHeir, `${marked} rows were marked, ${byHeir} of them by the heir`);
  const topic = await publishedByOrder();
  for (const { orderId, paymentId } of paid) assert.deepEqual([...new Set(topic.get(orderId))], [paymentId]);
});

test("relay: is replaced when it is given the lead while it is frozen", async (t) => {
  const leader = await start();
  await until("the first relay leads", () => leads(leader));
  const frozen = await start();
  // It asks for the lead and waits in the database nearly all of its time.
  const asking =
    "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE state = 'User lock' AND info LIKE '%sluice-outbox-%'";
  await until("the second relay waits for the lead", async () => {
    if ((await numberOf(database, asking)) !== 1) return false;
    frozen.child.signal("SIGSTOP");
    const still = await numberOf(database, asking);
    if (still !== 1) frozen.child.signal("SIGCONT");
    return still === 1;
  });
  await leader.child.stop();
  const heir = await start();
  const askedAt = Date.now();
  await until("the third relay leads", () => leads(heir));
  t.diagnostic(`the next leads ${Date.now() - askedAt} ms after it began to ask`);
  const paid = await payments(shop, 10);
  await until("all is published", allPublished);
  const topic = await publishedByOrder();
  for (const { orderId, paymentId } of paid) assert.deepEqual(topic.get(orderId), [paymentId]);
});

const ageKeys = "UPDATE payment_key SET created_at = 1 WHERE user_id = ?";
const countKeys = "SELECT COUNT(*) AS n FROM payment_key WHERE user_id = ?";

test("relay: forgets old keys while it leads", async () => {
  const relay = await start();
  const [old, fresh] = [await payments(shop, 3), await payments(shop, 3)];
  const keysOf = (paid: readonly Payment[]) => numberOf(database, countKeys, [Buffer.from(paid[0]?.userId ?? "")]);
  await withSession(database, ({ change }) => change(ageKeys, [Buffer.from(old[0]?.userId ?? "")]));
  await until("old keys are forgotten", async () => (await keysOf(old)) === 0);
  assert.equal(await keysOf(fresh), 3);
  await until("they are counted", async () => {
    const counted = await metricOf(relay, "sluice_idempotency_keys_pruned_total", 'kind="payment"');
    return counted >= 3;
  });
});
