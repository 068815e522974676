/** Deliveries to the data platform, in process: what is sent, in which order, and what a refusal costs the others. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Ajv } from "ajv";
import { Poison, Unavailable } from "../engine/errors.ts";
import type { UserId, Won } from "../schemas/coupon.ts";
import { type OrderId, type PaymentCompleted, type PaymentId, paymentsCompleted } from "../schemas/payment.ts";
import type { PaymentDocument } from "../sinks/data-platform.ts";
import { createDriver } from "../engine/testing/driver.ts";
import { externalData } from "./external-data.ts";
import { staleDrawings } from "./write-snapshots.ts";

const idOf = (n: number): string => `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`;
/** Payment `n`. The casts make ids, at the edge of the test. */
const payment = (n: number, changes: Partial<PaymentCompleted> = {}): PaymentCompleted => ({
  paymentId: idOf(n) as PaymentId,
  orderId: idOf(1_000 + n) as OrderId,
  userId: `user-${n}` as UserId,
  amount: 12_300 as Won,
  discount: 700 as Won,
  paidAt: Date.UTC(2026, 10, 24, 2, 12, 25),
  ...changes,
});

/** A platform that takes everything but what `refuse` throws for. */
const open = (refuse: (document: PaymentDocument) => void = () => {}) => {
  const sent: PaymentDocument[] = [];
  const deliver = async (document: PaymentDocument): Promise<void> => {
    sent.push(document);
    refuse(document);
  };
  return { sent, driver: createDriver(externalData, { platform: { deliver } }) };
};

test("external-data: sends what the contract says, and the same when a payment is delivered again", async () => {
  const { sent, driver } = open();
  await driver.send(paymentsCompleted, payment(1));
  await driver.send(paymentsCompleted, payment(1), { offset: 0n });
  const document = {
    type: "payment-completed",
    version: 1,
    paymentId: payment(1).paymentId,
    orderId: payment(1).orderId,
    userId: "user-1",
    amount: 12_300,
    discount: 700,
    currency: "KRW",
    paidAt: "2026-11-24T02:12:25.000Z",
  };
  assert.equal(JSON.stringify(sent), JSON.stringify([document, document]));
  const schema: unknown = JSON.parse(
    await readFile(new URL("../docs/data-platform.schema.json", import.meta.url), "utf8"),
  );
  assert.ok(typeof schema === "object" && schema !== null);
  const validate = new Ajv().compile(schema);
  assert.ok(validate(sent[0]), JSON.stringify(validate.errors));
  assert.deepEqual(Object.keys(document), "required" in schema && schema.required);
});

test("external-data: sends each payment once when one of its round is refused", async () => {
  const { sent, driver } = open(({ paymentId }) => {
    if (paymentId === idOf(2)) throw new Poison("DELIVERY_REFUSED", "no", { idempotencyKey: paymentId });
  });
  const ended = await driver.send(paymentsCompleted, [payment(1), payment(2), payment(3)]);
  assert.deepEqual(
    ended.map(({ kind }) => kind),
    ["ended", "failed", "ended"],
  );
  assert.deepEqual(sent.map(({ paymentId }) => paymentId).sort(), [idOf(1), idOf(2), idOf(3)]);
});

test("external-data: sends each payment once when the platform goes away in the middle of a round", async () => {
  const { sent, driver } = open(({ paymentId }) => {
    if (paymentId > idOf(3)) throw new Unavailable("data-platform", "gone");
  });
  const ended = await driver.send(
    paymentsCompleted,
    [1, 2, 3, 4, 5].map((n) => payment(n)),
  );
  assert.deepEqual(
    ended.map(({ kind }) => kind),
    ["ended", "ended", "ended", "failed", "failed"],
  );
  assert.equal(sent.length, 5);
});

test("external-data: sends the payments of one order one after the other, and those of others beside them", async () => {
  const under: PaymentId[] = [];
  const seen: string[] = [];
  let most = 0;
  const deliver = async ({ paymentId, orderId }: PaymentDocument): Promise<void> => {
    most = Math.max(most, under.push(paymentId));
    seen.push(`${orderId} ${paymentId}`);
    await new Promise((resolve) => setImmediate(resolve));
    under.splice(under.indexOf(paymentId), 1);
  };
  const driver = createDriver(externalData, { platform: { deliver } });
  const order = (n: number) => ({ orderId: idOf(n) as OrderId });
  const round = [payment(1, order(7)), payment(2, order(8)), payment(3, order(7)), payment(4, order(7))];
  await driver.send(paymentsCompleted, round);
  assert.deepEqual(
    seen.filter((what) => what.startsWith(idOf(7))),
    [1, 3, 4].map((n) => `${idOf(7)} ${idOf(n)}`),
  );
  assert.equal(most, 2);
});

test("external-data: sets a payment aside when its time is no time", async () => {
  const { sent, driver } = open();
  const [ended] = await driver.send(paymentsCompleted, payment(1, { paidAt: Number.MAX_SAFE_INTEGER - 1 }));
  assert.deepEqual([ended?.kind, sent], ["failed", []]);
});

test("external-data: is drawn as it was reviewed (after a change that is meant: npx node topology/write-snapshots.ts)", async () => {
  assert.deepEqual(await staleDrawings(externalData), []);
});
