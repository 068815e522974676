/** The stand-in platform: keeps the contract, does wrong what is set, and counts what it did. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fateOf, noFaults, readFaults } from "./faults.ts";
import { type PlatformOptions, startPlatform } from "./stand-in.ts";

const start = async (t: TestContext, options: PlatformOptions = {}) => {
  const platform = await startPlatform(options);
  t.after(platform.close);
  return platform;
};

const idOf = (n: number): string => `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const documentOf = (n: number, changes: Readonly<Record<string, unknown>> = {}) => ({
  type: "payment-completed",
  version: 1,
  paymentId: idOf(n),
  orderId: idOf(1_000 + n),
  userId: `user-${n}`,
  amount: 100,
  discount: 0,
  currency: "KRW",
  paidAt: "2026-11-24T02:12:25.000Z",
  ...changes,
});

const post = (url: string, document: unknown, key = idOf(1)): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify(document),
  });
const statusOf = async (answering: Promise<Response>): Promise<number | "cut"> =>
  answering.then(
    (response) => response.status,
    () => "cut",
  );

test("stand-in platform: takes a payment once, and answers it again when it comes again", async (t) => {
  const taken: unknown[] = [];
  const { url, report } = await start(t, { onEffect: (document) => taken.push(document) });
  assert.equal((await post(url, documentOf(1))).status, 201);
  assert.equal((await post(url, documentOf(1))).status, 200);
  assert.equal((await post(url, documentOf(1, { amount: 101 }))).status, 422);
  const { effects, payments, repeated, differing } = report();
  assert.deepEqual([effects, payments, repeated, differing], [1, 1, 1, 1]);
  assert.deepEqual(taken, [documentOf(1)]);
});

test("stand-in platform: finds a sender out that gives one payment two keys", async (t) => {
  const { url, report, effects } = await start(t);
  await post(url, documentOf(1), "a");
  await post(url, documentOf(1), "b");
  assert.deepEqual([report().effects, report().payments, report().paymentsTwice], [2, 1, 1]);
  assert.deepEqual([...effects()], [[idOf(1), 2]]);
});

test("stand-in platform: refuses what is not of the contract, and counts it apart", async (t) => {
  const { url, report } = await start(t);
  const wrong = [
    {},
    [],
    documentOf(1, { paymentId: "1" }),
    documentOf(1, { amount: "100" }),
    documentOf(1, { amount: -1 }),
    documentOf(1, { userId: "" }),
    documentOf(1, { paidAt: 1 }),
    documentOf(1, { version: 2 }),
  ];
  for (const document of wrong) assert.equal((await post(url, document)).status, 400, JSON.stringify(document));
  const keyless = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  assert.equal((await fetch(url, keyless)).status, 400);
  assert.deepEqual([report().malformed, report().effects], [wrong.length + 1, 0]);
});

test("stand-in platform: does wrong what is set, and is in order again when nothing is set", async (t) => {
  const { url, set, report } = await start(t);
  await set({ down: "unavailable", retryAfterSeconds: 3 });
  const busy = await post(url, documentOf(1));
  assert.deepEqual([busy.status, busy.headers.get("retry-after")], [503, "3"]);
  await set({ busyShare: 1 });
  assert.equal((await post(url, documentOf(1))).status, 429);
  await set({ flakyShare: 1 });
  assert.equal((await post(url, documentOf(1))).status, 503);
  await set({ cutShare: 1 });
  assert.equal(await statusOf(post(url, documentOf(1))), "cut");
  assert.equal(report().effects, 0);
  await set({ loseAnswersShare: 1 });
  assert.equal(await statusOf(post(url, documentOf(1))), "cut");
  assert.equal(report().effects, 1);
  await set({});
  assert.equal((await post(url, documentOf(1))).status, 200);
  assert.deepEqual([report().faulted, report().inFlight], [5, 0]);
});

test("stand-in platform: refuses the users that are set, for good, and takes them when they are not set any more", async (t) => {
  const { url, set, report } = await start(t);
  await set({ refusedUsers: "bad" });
  assert.equal((await post(url, documentOf(1, { userId: "bad-1" }))).status, 422);
  assert.equal((await post(url, documentOf(2, { userId: "good-1" }), idOf(2))).status, 201);
  assert.deepEqual([report().faulted, report().effects], [1, 1]);
  await set({});
  assert.equal((await post(url, documentOf(1, { userId: "bad-1" }))).status, 201);
  assert.equal(report().effects, 2);
});

test("stand-in platform: listens on the same port again when it was set to refuse for a while", async (t) => {
  const { url, set, report } = await start(t);
  await set({ down: "refuse" });
  assert.equal(await statusOf(post(url, documentOf(1))), "cut");
  await Promise.all([set({}), set({ down: "refuse" }), set({})]);
  assert.equal((await post(url, documentOf(1))).status, 201);
  assert.equal(report().requests, 1);
});

test("stand-in platform: is set and asked over its control port, and refuses what it does not understand", async (t) => {
  const { url, controlUrl } = await start(t);
  const put = (faults: unknown) =>
    fetch(`${controlUrl}/faults`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(faults),
    });
  const cases = [
    [{ flakeyShare: 1 }, /^flakeyShare: expected one of down, latencyMs, /u],
    [{ flakyShare: 2 }, /^flakyShare: .*expected.*<=1, got 2$/u],
    [{ down: true }, /^down: .*expected.*"refuse".*, got true$/u],
    [[], /^faults: .*expected object.*, got \[\]$/u],
  ] as const;
  for (const [wrong, message] of cases) {
    const answer = await put(wrong);
    assert.equal(answer.status, 400, JSON.stringify(wrong));
    assert.match(((await answer.json()) as { error: string }).error, message);
  }
  assert.equal((await put("down")).status, 400);
  assert.equal((await put({ busyShare: 1 })).status, 200);
  assert.equal((await post(url, documentOf(1))).status, 429);
  assert.equal((await put({})).status, 200);
  for (const n of [1, 2]) assert.equal((await post(url, documentOf(n), idOf(n))).status, 201);
  const report = (await (await fetch(`${controlUrl}/report`)).json()) as { effects: number };
  assert.equal(report.effects, 2);
  const lines = (await (await fetch(`${controlUrl}/effects`)).text()).trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      [idOf(1), 1],
      [idOf(2), 1],
    ],
  );
  assert.equal((await fetch(`${controlUrl}/ready`)).status, 200);
});

test("stand-in platform: takes no more payments than it may remember", async (t) => {
  const { url, report } = await start(t, { maxPayments: 2 });
  const statuses: number[] = [];
  for (const n of [1, 2, 3, 2]) statuses.push((await post(url, documentOf(n), idOf(n))).status);
  assert.deepEqual(statuses, [201, 201, 507, 200]);
  assert.equal(report().payments, 2);
});

test("stand-in platform: gives requests their fates by the shares that were set", () => {
  const faults = readFaults({ busyShare: 0.1, flakyShare: 0.2, cutShare: 0.3, loseAnswersShare: 0.4 });
  const draws = [0.05, 0.5, 0.1, 0.5, 0.5, 0.1, 0.5, 0.5, 0.5, 0.1, 0.5, 0.5, 0.5, 0.5];
  const fates = Array.from({ length: 5 }, () => fateOf(faults, () => draws.shift() ?? 1));
  assert.deepEqual(fates, ["busy", "fail", "cut", "loseAnswer", "answer"]);
  assert.equal(
    fateOf(noFaults, () => 0),
    "answer",
  );
});
