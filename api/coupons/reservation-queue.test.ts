/** The position in the queue of a pending reservation, by polling and by events. */
import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { Unavailable } from "../../engine/errors.ts";
import { settled } from "../../engine/testing/stepped-clock.ts";
import type { OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import type { CouponId, ReservationId } from "../../schemas/coupon.ts";
import { userNamed } from "../testing/testing.ts";
import { fieldsIn, problemName, type TestApi, testApi } from "../testing/testing-api.ts";

const alice = userNamed("alice");
// Test values of the right alphabet.
const couponId = "launch" as CouponId;
const refused: OwnedVerdict = { kind: "refused", couponId, userId: alice, reason: "SOLD_OUT", refusedAt: 5 };

/** What the log says of its only partition. */
const look = (atMs: number, committed: number, end: number) => ({
  atMs,
  partitions: [{ committed: BigInt(committed), end: BigInt(end) }],
});

/** An API that has accepted `before` requests, and then one of alice: its id, and where its place is asked for. */
const accepted = async (before = 3) => {
  const api = testApi();
  for (let n = 0; n < before; n++) await api.reserve(`user-${n}`);
  const response = await api.reserve("alice");
  const { reservationId } = response.json<{ readonly reservationId: ReservationId }>();
  const location = String(response.headers.location);
  const get = (url: string, user = "alice") => api.app.inject({ url, headers: api.bearer(user) });
  return { ...api, id: reservationId, location, query: location.slice(location.indexOf("?")), get };
};

test("queue position: falls to 0 while the reservation is pending, and is gone with the verdict", async () => {
  const { queue, stores, get, id, location } = await accepted();
  const position = async () => (await get(location)).json<{ readonly queue?: object }>().queue;
  assert.equal(await position(), undefined, "nothing was looked at");
  queue.now = look(0, 0, 4);
  assert.deepEqual(await position(), { before: 3 });
  queue.now = look(2_000, 2, 4);
  assert.deepEqual(await position(), { before: 1, aboutSeconds: 2 });
  queue.now = look(3_000, 4, 4);
  assert.deepEqual(await position(), { before: 0 });
  stores.verdicts.set(id, refused);
  assert.equal(await position(), undefined);
});

test("queue position: is told by an API that accepted nothing, and costs no look-up of its own", async () => {
  const { location } = await accepted();
  const other = testApi();
  other.queue.now = look(0, 1, 4);
  const answer = await other.app.inject({ url: location, headers: other.bearer("alice") });
  assert.deepEqual(answer.json<{ readonly queue: object }>().queue, { before: 2 });
  assert.equal(other.stores.findCalls.length, 1);
});

test("queue position: is of no other user's reservation", async () => {
  const { queue, get, location } = await accepted();
  queue.now = look(0, 0, 4);
  const answer = await get(location, "bob");
  assert.equal(problemName(answer), "not-found");
  assert.ok(!answer.body.includes("before"));
});

test("queue position: is refused by its field when it is none, and not told when it is of no partition", async () => {
  const { queue, get, id } = await accepted();
  queue.now = look(0, 0, 4);
  for (const wrong of ["", "1", "0-x", "0-1&place=0-2", "-1-1"])
    assert.deepEqual(fieldsIn(await get(`/v1/reservations/${id}?place=${wrong}`)), ["place"], wrong);
  for (const path of [`/v1/reservations/${id}?place=7-1`, `/v1/reservations/${id}`])
    assert.deepEqual((await get(path)).json(), { reservationId: id, status: "pending" });
});

/** Follows; `events` is what has come, when the stream has ended. */
const following = async (api: Awaited<ReturnType<typeof accepted>>, query = api.query, signal?: AbortSignal) => {
  const response = await api.app.inject({
    url: `/v1/reservations/${api.id}/events${query}`,
    headers: api.bearer("alice"),
    payloadAsStream: true,
    ...(signal !== undefined && { signal }),
  });
  const body = text(response.stream());
  await settled();
  return { response, body, events: async () => eventsIn(await body) };
};

const eventsIn = (body: string) =>
  body.split("\n\n").flatMap((block) => {
    const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
    return event === undefined ? [] : [`${event} ${JSON.stringify(JSON.parse(data ?? "").queue ?? null)}`];
  });

const tick = async (api: Pick<TestApi, "clock">, ms = 1_000): Promise<void> => {
  await settled();
  api.clock.advance(ms);
  await settled();
};

test("events: tell the position whenever it changes, and end with the verdict", async () => {
  const api = await accepted();
  api.queue.now = look(0, 0, 4);
  const { response, body, events } = await following(api);
  assert.equal(response.headers["content-type"], "text/event-stream");
  assert.equal(response.headers["cache-control"], "no-store");
  await tick(api);
  api.queue.now = look(2_000, 1, 4);
  await tick(api);
  // An operator takes the group back.
  api.queue.now = look(3_000, 0, 4);
  await tick(api);
  api.queue.now = look(4_000, 4, 4);
  await tick(api);
  api.stores.verdicts.set(api.id, refused);
  await tick(api);
  assert.deepEqual(await events(), [
    'pending {"before":3}',
    'pending {"before":2,"aboutSeconds":6}',
    'pending {"before":2,"aboutSeconds":9}',
    'pending {"before":0}',
    "refused null",
  ]);
  assert.ok((await body).startsWith("retry: 2000\n\n"));
  assert.ok((await body).includes(`"reason":"SOLD_OUT"`));
  assert.equal(api.seen.waiting(), 0);
  await tick(api);
  assert.equal(api.clock.timers(), 0, "nobody follows, and it is looked at still");
});

test("events: are one, the verdict, when there is one already", async () => {
  const api = await accepted();
  api.stores.verdicts.set(api.id, refused);
  assert.deepEqual(await (await following(api)).events(), ["refused null"]);
});

test("events: say that it is pending when no position is known, and keep the connection by comments", async () => {
  const api = await accepted();
  const { body, events } = await following(api, "");
  for (let n = 0; n < 3; n++) await tick(api, 10_000);
  api.stores.verdicts.set(api.id, refused);
  // A look-up may have taken the longest that there is: the next one is as far away.
  for (let n = 0; n < 2; n++) await tick(api, 2_000);
  assert.deepEqual(await events(), ["pending null", "refused null"]);
  assert.equal((await body).split("\n\n").filter((block) => block === ":").length, 3);
});

test("events: are a problem when the reservation is another's, its id is none, or the database is away", async () => {
  const api = await accepted();
  const url = `/v1/reservations/${api.id}/events${api.query}`;
  assert.equal(problemName(await api.get(url, "bob")), "not-found");
  assert.equal(problemName(await api.get("/v1/reservations/x/events")), "validation");
  assert.equal(problemName(await api.app.inject(url)), "token-missing");
  assert.equal((await api.app.inject({ method: "HEAD", url, headers: api.bearer("alice") })).statusCode, 405);
  api.stores.trouble.error = new Unavailable("database", "gone");
  assert.equal(problemName(await api.get(url)), "unavailable");
  assert.equal(api.clock.timers(), 0);
});

test("events: end without a verdict when the API closes, when ten minutes have passed, and when the database goes away", async () => {
  for (const end of [
    (api: TestApi) => void api.app.close(),
    (api: TestApi) => api.clock.advance(600_000),
    (api: TestApi) => {
      api.stores.trouble.error = new Unavailable("database", "gone");
      api.clock.advance(600_000);
    },
  ]) {
    const api = await accepted();
    api.queue.now = look(0, 0, 4);
    const { events } = await following(api);
    end(api);
    await settled();
    assert.deepEqual(await events(), ['pending {"before":3}']);
    assert.equal(api.seen.waiting(), 0);
  }
});

test("events: take one of the caller's slots each, and give it back when the client goes away", async () => {
  const api = await accepted();
  api.queue.now = look(0, 0, 4);
  const clients = [];
  for (let n = 0; n < 16; n++) {
    const client = new AbortController();
    const { body } = await following(api, api.query, client.signal);
    clients.push({ client, body });
  }
  const url = `/v1/reservations/${api.id}/events${api.query}`;
  assert.equal(problemName(await api.get(url)), "too-many-requests");
  assert.equal(problemName(await api.get(api.location)), "too-many-requests");
  assert.equal((await api.get(`/v1/reservations/${api.id}`, "bob")).statusCode, 404);
  for (const { client, body } of clients) {
    client.abort();
    await body.catch(() => {});
  }
  await settled();
  assert.equal(api.seen.waiting(), 0);
  assert.equal((await api.get(api.location)).statusCode, 200);
  await tick(api);
  assert.equal(api.clock.timers(), 0);
});

test("events: are turned away when twice as many ask as may wait", async () => {
  const api = testApi({ maxWaiters: 1 });
  const response = await api.reserve("alice");
  const { reservationId } = response.json<{ readonly reservationId: string }>();
  const open = () =>
    api.app.inject({
      url: `/v1/reservations/${reservationId}/events`,
      headers: api.bearer("alice"),
      payloadAsStream: true,
    });
  const first = await open();
  assert.equal(first.statusCode, 200);
  // Answered at once: no more may wait.
  const second = await open();
  assert.deepEqual(eventsIn(await text(second.stream())), ["pending null"]);
  api.stores.trouble.until = new Promise(() => {});
  const asked = [api.read("alice", reservationId), api.read("alice", reservationId)];
  await settled();
  assert.equal((await open()).statusCode, 503);
  api.clock.advance(2_000);
  await Promise.all(asked);
  await api.app.close();
});
