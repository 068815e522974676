// The API on a real socket: what never becomes a request, who goes away, and what is sent in pieces.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { Pool } from "undici";
import type { Producer } from "../engine/log/producer.ts";
import { createReservationIds } from "./coupons/reservation-id.ts";
import { settled } from "../engine/testing/stepped-clock.ts";
import { fakeProducer } from "../engine/log/testing/fake-producer.ts";
import { noMetrics } from "./http/parameters.ts";
import { fakeStores, userNamed } from "./testing/testing.ts";
import { apiInRealTime, bearerOf, testSecret } from "./testing/testing-api.ts";

const producer = fakeProducer();
const stores = fakeStores();
const apiOn = (itsProducer: Producer) =>
  apiInRealTime({
    ports: stores.ports,
    producer: itsProducer,
    settings: { headersTimeoutMs: 500, requestTimeoutMs: 500 },
  });
const app = apiOn(producer);
let port = 0;
const portOf = async (api: typeof app): Promise<number> =>
  Number(new URL(await api.listen({ host: "127.0.0.1", port: 0 })).port);
const bearer = bearerOf("alice");
const head = `POST /v1/coupons/launch/reservations HTTP/1.1\r\nhost: x\r\nauthorization: ${bearer}\r\n`;

before(async () => {
  port = await portOf(app);
});
after(() => app.close());

const open = async (at = port): Promise<Socket> => {
  const socket = connect(at, "127.0.0.1");
  await once(socket, "connect");
  return socket;
};
/** Everything the server says to this, until it closes. */
const say = async (bytes: string): Promise<string> => {
  const socket = await open();
  socket.write(bytes);
  return text(socket);
};
/** What an answer holds: one problem, with a lawful frame. */
const assertProblem = (answer: string, status: number, name: string): void => {
  assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), answer);
  assert.match(answer, /\r\ncontent-type: application\/problem\+json\r\n/i);
  const [frame = "", body = ""] = answer.split("\r\n\r\n");
  assert.equal(Number(/content-length: (\d+)/i.exec(frame)?.[1]), Buffer.byteLength(body));
  // The document of the API's own making.
  const problem = JSON.parse(body) as { readonly type: string; readonly status: number };
  assert.equal(problem.type, `/problems/${name}`);
  assert.equal(problem.status, status);
};

test("socket: is a problem when it is no HTTP", async () => {
  assertProblem(await say("hello\r\n\r\n"), 400, "malformed-request");
  assertProblem(await say("GET / HTTP/9.9\r\n\r\n"), 400, "malformed-request");
  const both = `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`;
  assertProblem(await say(both), 400, "malformed-request");
  assertProblem(await say(`${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`), 400, "malformed-request");
});

test("socket: is a problem when the header fields or the target are too large", async () => {
  assertProblem(await say(`${head}x: ${"x".repeat(10_000)}\r\n\r\n`), 431, "header-too-large");
  assertProblem(await say(`GET /${"x".repeat(10_000)} HTTP/1.1\r\nhost: x\r\n\r\n`), 431, "header-too-large");
});

test("socket: is a problem when the request does not arrive in time", async () => {
  const answers = await Promise.all([
    say(head),
    say(`${head}content-type: application/json\r\ncontent-length: 9\r\n\r\n{`),
  ]);
  for (const answer of answers) assertProblem(answer, 408, "request-timeout");
});

test("socket: is a problem when something else than 100-continue is expected", async () => {
  assertProblem(await say(`${head}expect: coffee\r\nconnection: close\r\n\r\n`), 417, "expectation-failed");
});

test("socket: is a problem when a body in pieces is longer than 4096 bytes", async () => {
  const before = producer.produced.length;
  const piece = `800\r\n${" ".repeat(0x800)}\r\n`;
  const chunked = `${head}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
  assertProblem(await say(`${chunked}${piece}${piece}2\r\n{}\r\n0\r\n\r\n`), 413, "body-too-large");
  const close = `${head}connection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
  assert.match(await say(`${close}2\r\n{}\r\n0\r\n\r\n`), /^HTTP\/1\.1 202 /);
  assert.equal(producer.produced.length, before + 1);
});

test("socket: refuses a second field that may be sent once", async () => {
  for (const field of [`authorization: ${bearer}`, "content-type: text/plain\r\ncontent-type: application/json"]) {
    assert.match(await say(`${head}${field}\r\nconnection: close\r\n\r\n`), /^HTTP\/1\.1 400 /, field);
  }
});

test("socket: frees the waiter's place when its client hangs up", async () => {
  const id = createReservationIds(testSecret).mint(userNamed("alice"), Date.now(), randomBytes(4));
  const socket = await open();
  socket.write(`GET /v1/reservations/${id}?waitMs=10000 HTTP/1.1\r\nhost: x\r\nauthorization: ${bearer}\r\n\r\n`);
  const looked = async (atLeast: number): Promise<void> => {
    while (stores.findCalls.length < atLeast) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await looked(3);
  socket.destroy();
  // Look-ups end, because no client waits any more: the count is the same over several pauses.
  for (let still = 0, last = -1; still < 5; ) {
    await new Promise((resolve) => setTimeout(resolve, 40));
    still = stores.findCalls.length === last ? still + 1 : 0;
    last = stores.findCalls.length;
  }
  // Ten seconds of waiting, at the pace of the first look-ups, would be some hundreds.
  assert.ok(stores.findCalls.length < 100, `${stores.findCalls.length} look-ups after the client had gone`);
});

test("socket: accepts a burst of clients, each with a reservation of its own", async () => {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 20 });
  const before = producer.produced.length;
  const answers = await Promise.all(
    Array.from({ length: 500 }, async () => {
      const { statusCode, body } = await pool.request({
        method: "POST",
        path: "/v1/coupons/launch/reservations",
        headers: { authorization: bearer, "content-type": "application/json" },
        body: "{}",
      });
      return { statusCode, answer: await body.text() };
    }),
  );
  await pool.close();
  assert.ok(answers.every(({ statusCode }) => statusCode === 202));
  assert.equal(new Set(answers.map(({ answer }) => answer)).size, 500);
  assert.equal(producer.produced.length, before + 500);
});

test("socket: ends what is in flight, and is not ready, when the API closes", async () => {
  const held = fakeProducer();
  held.hold();
  const api = apiOn(held);
  const port = await portOf(api);
  const [socket, asking] = [await open(port), await open(port)];
  // One waits for its answer, the other is in the middle of its request; neither asks for its connection to be closed.
  asking.write("GET /ready HTTP/1.1\r\n");
  socket.write(`${head}content-length: 0\r\n\r\n`);
  while (held.produced.length === 0) await settled();
  const closed = api.close();
  await settled();
  asking.write("host: x\r\n\r\n");
  await settled();
  held.produced[0]?.acknowledge();
  assert.match(await text(socket), /^HTTP\/1\.1 202 .*connection: close/s);
  assert.match(await text(asking), /^HTTP\/1\.1 503 .*connection: close.*\/problems\/not-ready.*it is stopping/s);
  await closed;
});

test("socket: holds few requests of one connection and one user when thousands are sent ahead, and answers others", async () => {
  const limits = { maxPipelined: 16, maxReadsPerUser: 24 };
  const held = fakeStores();
  const api = apiInRealTime({ ports: held.ports, settings: limits });
  const port = await portOf(api);
  const mine = createReservationIds(testSecret);
  const idOf = (user: string) => mine.mint(userNamed(user), Date.now(), randomBytes(4));
  const poll = (user: string) =>
    `GET /v1/reservations/${idOf(user)}?waitMs=10000 HTTP/1.1\r\nhost: x\r\nauthorization: ${bearerOf(user)}\r\n\r\n`;
  // Of ten connections; each says a thousand times what it wants before it hears a word.
  const sockets = await Promise.all(Array.from({ length: 10 }, () => open(port)));
  for (const socket of sockets) socket.write(Array.from({ length: 1_000 }, () => poll("greedy")).join(""));
  const many = (): number => Math.max(0, ...held.findCalls.map((ids) => new Set(ids).size));
  while (held.findCalls.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  const other = await open(port);
  other.write(`${poll("other").replace("10000", "0").replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n")}`);
  assert.match(await text(other), /^HTTP\/1\.1 200 .*"pending"/s);
  assert.ok(many() <= limits.maxReadsPerUser + 1, `${many()} were looked up`);
  for (const socket of sockets) socket.destroy();
  await api.close();
});

test("socket: answers no more than it may of what one connection sends ahead, and closes it", async () => {
  const held = fakeProducer();
  held.hold();
  const api = apiInRealTime({ ports: fakeStores().ports, producer: held, settings: { maxPipelined: 4 } });
  const port = await portOf(api);
  const socket = await open(port);
  socket.write(`${head}content-length: 0\r\n\r\n`.repeat(50));
  while (held.produced.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const record of held.produced) record.acknowledge();
  const said = await text(socket);
  await api.close();
  const answers = said.match(/HTTP\/1\.1 \d+/g) ?? [];
  assert.deepEqual(answers.slice(0, 5), [...Array.from({ length: 4 }, () => "HTTP/1.1 202"), "HTTP/1.1 429"]);
  assert.equal(held.produced.length, 4);
});

/** An API that tells places, with a reservation that nobody decides, and a stream of events of it. */
const followed = async () => {
  let waiting = (): number => 0;
  const api = apiInRealTime({
    ports: stores.ports,
    producer: fakeProducer(),
    seeQueue: async () => ({ atMs: Date.now(), partitions: [{ committed: 0n, end: 9n }] }),
    metrics: {
      ...noMetrics,
      watchWaiting: (open) => {
        waiting = open;
      },
    },
  });
  const url = `http://127.0.0.1:${await portOf(api)}`;
  const headers = { authorization: bearer };
  const reserved = await fetch(`${url}/v1/coupons/launch/reservations`, { method: "POST", headers });
  const location = String(reserved.headers.get("location"));
  const client = new AbortController();
  const { signal } = client;
  const response = await fetch(`${url}${location.replace("?", "/events?")}`, { headers, signal });
  const reader = (response.body ?? assert.fail()).pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("event: pending")) said += (await reader.read()).value ?? assert.fail(said);
  return { api, client, reader, waiting: () => waiting() };
};

test("socket: ends a stream of events when the API closes, which does not wait for its client", {
  timeout: 20_000,
}, async () => {
  const { api, reader } = await followed();
  const closing = api.close();
  while (!(await reader.read()).done);
  await closing;
});

test("socket: forgets a stream of events when its client goes away", { timeout: 20_000 }, async () => {
  const { api, client, waiting } = await followed();
  assert.equal(waiting(), 1);
  client.abort();
  while (waiting() > 0) await settled();
  await api.close();
});
