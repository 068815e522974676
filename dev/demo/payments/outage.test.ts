/** The outage of the main job, on a stand-in platform: it is really away, and what waited is counted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startPlatform } from "../../platform/stand-in.ts";
import { platformControl, takeAway } from "./outage.ts";

const idOf = (n: number): string => `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const post = (url: string, n: number): Promise<number> => {
  const document = {
    ...{ type: "payment-completed", version: 1, paymentId: idOf(n), orderId: idOf(100 + n), userId: "u" },
    ...{ amount: 1, discount: 0, currency: "KRW", paidAt: "2026-11-24T02:12:25.000Z" },
  };
  const headers = { "content-type": "application/json", "idempotency-key": idOf(n) };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(document) }).then(
    ({ status }) => status,
    () => 0,
  );
};

test("outage: takes the platform away, gives it back, and waits for what is owed", async (t) => {
  const platform = await startPlatform();
  t.after(platform.close);
  assert.equal(await post(platform.url, 1), 201);
  const seen: (boolean | number)[] = [];
  const onChange = (isAway: boolean): void => {
    seen.push(isAway);
  };
  // The second payment is delivered when the platform is back: first it is tried while it is away.
  const deliver = async (): Promise<void> => {
    while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    seen.push(await post(platform.url, 2));
    while (!seen.includes(false)) await new Promise((resolve) => setImmediate(resolve));
    seen.push(await post(platform.url, 2));
  };
  const { signal } = new AbortController();
  const control = platformControl(platform.controlUrl);
  const [outage] = await Promise.all([
    takeAway(control, { afterMs: 0, forMs: 50, paid: () => 1, signal, onChange }),
    deliver(),
  ]);
  assert.deepEqual(seen, [true, 0, false, 201]);
  assert.equal(outage.waiting, 1);
  assert.ok(outage.untilMs > outage.fromMs);
});

test("outage: ends when its signal aborts", async (t) => {
  const platform = await startPlatform();
  t.after(platform.close);
  const signal = AbortSignal.abort(new Error("stopped"));
  const plan = { afterMs: 60_000, forMs: 1, paid: () => 0, signal, onChange: () => {} };
  await assert.rejects(takeAway(platformControl(platform.controlUrl), plan));
});
