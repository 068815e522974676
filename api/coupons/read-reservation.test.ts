// Reading a reservation: its owner gets it, for every other user it does not exist.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import { StoreUnfit, Unavailable } from "../../engine/errors.ts";
import type { CouponId, PolicyId, ReservationId } from "../../schemas/coupon.ts";
import { createReservationIds } from "./reservation-id.ts";
import { settled } from "../../engine/testing/stepped-clock.ts";
import { userNamed } from "../testing/testing.ts";
import { fieldsIn, problemName, testApi, testSecret } from "../testing/testing-api.ts";

const alice = userNamed("alice");
const idFor = (secret: Buffer = testSecret): ReservationId =>
  createReservationIds(secret).mint(alice, 1_800_000_000_000, Buffer.from([1, 2, 3, 4]));
const id = idFor();
// Test values of the right alphabet.
const couponId = "launch" as CouponId;
const issued: OwnedVerdict = {
  kind: "issued",
  couponId,
  userId: alice,
  policyId: "p-1" as PolicyId,
  issuedAt: Date.UTC(2027, 0, 15, 8, 0, 1, 5),
  expiresAt: Date.UTC(2027, 1, 14, 8, 0, 1, 5),
};
const refused: OwnedVerdict = { kind: "refused", couponId, userId: alice, reason: "SOLD_OUT", refusedAt: 5 };

test("read: is pending while there is no verdict", async () => {
  const { read } = testApi();
  const response = await read("alice", id);
  assert.equal(response.statusCode, 200);
  assert.deepEqual(response.json(), { reservationId: id, status: "pending" });
  assert.equal(response.headers["cache-control"], "no-store");
});

test("read: answers what was issued, with its moments in UTC", async () => {
  const { stores, read } = testApi();
  stores.verdicts.set(id, issued);
  assert.deepEqual((await read("alice", id)).json(), {
    reservationId: id,
    couponId: "launch",
    status: "issued",
    policyId: "p-1",
    issuedAt: "2027-01-15T08:00:01.005Z",
    expiresAt: "2027-02-14T08:00:01.005Z",
  });
});

test("read: answers why it was refused", async () => {
  const { stores, read } = testApi();
  stores.verdicts.set(id, refused);
  assert.deepEqual((await read("alice", id)).json(), {
    reservationId: id,
    couponId: "launch",
    status: "refused",
    reason: "SOLD_OUT",
  });
});

test("read: is not found, in the same words, when it is another user's, or does not exist", async () => {
  const { stores, read } = testApi();
  const pendingOfAlice = (await read("bob", id)).body;
  stores.verdicts.set(id, issued);
  const issuedToAlice = await read("bob", id);
  assert.equal(issuedToAlice.statusCode, 404);
  assert.equal(problemName(issuedToAlice), "not-found");
  assert.equal(issuedToAlice.body, pendingOfAlice);
  const nobodys = idFor(Buffer.alloc(32, 9));
  assert.equal((await read("bob", nobodys)).body, pendingOfAlice.replaceAll(id, nobodys));
  // Nor is it waited for: a stranger's request would hold a place.
  assert.equal((await read("bob", nobodys, { query: "?waitMs=10000" })).statusCode, 404);
});

test("read: is its owner's by the stored user when the secret was renewed", async () => {
  const { stores, read } = testApi();
  const old = idFor(Buffer.alloc(32, 9));
  assert.equal((await read("alice", old)).statusCode, 404);
  stores.verdicts.set(old, issued);
  assert.equal((await read("alice", old)).statusCode, 200);
});

test("read: refuses an id that is none, naming it", async () => {
  const { stores, read } = testApi();
  for (const wrong of [
    "1",
    id.toUpperCase(),
    `${id}0`,
    id.replace("-7", "-4"),
    "%27%20or%201=1",
    "..%2f..%2fetc",
    "x".repeat(300),
  ]) {
    const response = await read("alice", wrong);
    assert.equal(response.statusCode, 400, wrong);
    assert.deepEqual(fieldsIn(response), ["reservationId"]);
  }
  assert.equal(stores.findCalls.length, 0);
});

test("read: refuses a waitMs that is no integer from 0 to 10000, naming it", async () => {
  const { stores, read } = testApi();
  const wrong = [
    "-1",
    "10001",
    "1e3",
    "0x10",
    "1.5",
    "",
    "%20",
    "NaN",
    "Infinity",
    "null",
    "true",
    "007",
    "+5",
    "99999999999999999999",
    "1&waitMs=2",
  ];
  for (const value of wrong) {
    const response = await read("alice", id, { query: `?waitMs=${value}` });
    assert.equal(response.statusCode, 400, value);
    assert.deepEqual(fieldsIn(response), ["waitMs"]);
  }
  assert.deepEqual(fieldsIn(await read("alice", id, { query: "?waitms=5" })), ["waitms"]);
  assert.equal(stores.findCalls.length, 0);
  assert.equal((await read("alice", id, { query: "?waitMs=0" })).statusCode, 200);
});

test("read: holds the answer until there is a verdict", async () => {
  const { stores, clock, read, seen } = testApi();
  let answered = false;
  const response = read("alice", id, { query: "?waitMs=10000" }).then((it) => {
    answered = true;
    return it;
  });
  await settled();
  clock.advance(20);
  await settled();
  assert.deepEqual([answered, seen.waiting()], [false, 1]);
  stores.verdicts.set(id, issued);
  clock.advance(20);
  assert.equal((await response).json<{ readonly status: string }>().status, "issued");
  assert.equal(seen.waiting(), 0);
  assert.equal(stores.findCalls.length, 3);
});

test("read: is pending at the deadline when there is no verdict", async () => {
  const { clock, read } = testApi();
  const response = read("alice", id, { query: "?waitMs=50" });
  await settled();
  clock.advance(50);
  assert.deepEqual((await response).json(), { reservationId: id, status: "pending" });
});

test("read: is a 503 when the database is away, for a waiter at its deadline only", async () => {
  const { stores, clock, read, seen } = testApi();
  stores.trouble.error = new Unavailable("database", "ECONNREFUSED 10.0.0.7");
  const plain = await read("alice", id);
  assert.equal(problemName(plain), "unavailable");
  assert.equal(plain.headers["retry-after"], "1");
  assert.doesNotMatch(plain.body, /10\.0|ECONN/);
  let answered = false;
  const waiter = read("alice", id, { query: "?waitMs=1000" }).then((it) => {
    answered = true;
    return it;
  });
  await settled();
  assert.equal(answered, false);
  clock.advance(1_000);
  assert.equal(problemName(await waiter), "unavailable");
  assert.deepEqual(seen.turnedAway, ["unavailable", "unavailable"]);
});

test("read: is a 503 when a table of the database is missing, as while a backup is restored", async () => {
  const { stores, read } = testApi();
  stores.trouble.error = new StoreUnfit("DATABASE_1146", "Table 's.verdict' doesn't exist");
  const plain = await read("alice", id);
  assert.equal(problemName(plain), "unavailable");
  assert.doesNotMatch(plain.body, /Table|verdict/);
});

test("read: is turned away when too many read at once", async () => {
  const { stores, read, clock } = testApi({ maxWaiters: 1 });
  const { promise, resolve } = Promise.withResolvers<void>();
  stores.trouble.until = promise;
  const open = [read("alice", id, { query: "?waitMs=1000" }), read("alice", id)];
  await settled();
  assert.equal(problemName(await read("alice", id)), "overloaded");
  resolve();
  await settled();
  clock.advance(1_000);
  assert.deepEqual(
    (await Promise.all(open)).map(({ statusCode }) => statusCode),
    [200, 200],
  );
});

test("read: frees the waiter's place when its client goes away", async () => {
  const { stores, clock, read } = testApi({ maxWaiters: 1 });
  const client = new AbortController();
  const gone = read("alice", id, { query: "?waitMs=10000", signal: client.signal });
  await settled();
  client.abort();
  await assert.rejects(gone);
  await settled();
  const looked = stores.findCalls.length;
  clock.advance(1_000);
  await settled();
  assert.equal(stores.findCalls.length, looked);
  // The one place is free: this reader is held, not answered at once.
  let answered = false;
  const next = read("alice", id, { query: "?waitMs=100" }).finally(() => {
    answered = true;
  });
  await settled();
  assert.equal(answered, false);
  clock.advance(100);
  assert.equal((await next).statusCode, 200);
});

test("read: answers every waiting request when the API closes", async () => {
  const { app, read } = testApi();
  const response = read("alice", id, { query: "?waitMs=10000" });
  await settled();
  await app.close();
  assert.equal((await response).json<{ readonly status: string }>().status, "pending");
});

test("read: says that a reservation without a verdict is forgotten when refusals of its time are no longer kept", async () => {
  const { read, reserve, clock } = testApi({ refusalsKeptMs: 3_600_000 });
  const { reservationId } = (await reserve("alice")).json<{ readonly reservationId: string }>();
  clock.advance(3_600_000);
  assert.equal((await read("alice", reservationId)).json<{ readonly status: string }>().status, "pending");
  clock.advance(1);
  const response = await read("alice", reservationId);
  assert.equal(response.statusCode, 410);
  assert.equal(problemName(response), "reservation-forgotten");
  // Of another user's nothing is learned.
  assert.equal((await read("bob", reservationId)).statusCode, 404);
});
