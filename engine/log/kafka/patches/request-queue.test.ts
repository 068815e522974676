/** The request queue's timer: none while nothing is pending, and never a negative one. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Need, RequestQueue } from "../internals.ts";
import { requireKafkajs } from "../kafkajs.ts";
import { requestQueuePatch } from "./request-queue.ts";

const silent = { debug: () => {}, warn: () => {} };

const queueOf = (need: Need, maxInFlightRequests: number | null): RequestQueue => {
  const Queue = need("src/network/requestQueue/index.js");
  const broker = "127.0.0.1:1";
  return new Queue({
    maxInFlightRequests,
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    clientId: "t",
    broker,
    logger: silent,
  });
};

const requestOf = (correlationId: number, sent: number[]): unknown => ({
  entry: { correlationId, resolve: () => {}, reject: () => {}, apiName: "t", apiKey: 0, apiVersion: 0 },
  expectResponse: true,
  sendRequest: () => sent.push(correlationId),
});

const answer = (correlationId: number) => ({ correlationId, payload: Buffer.alloc(0), size: 0 });
const delaysOf = (t: TestContext): number[] => {
  const delays: number[] = [];
  t.mock.method(globalThis, "setTimeout", (_: () => void, ms: number) => delays.push(ms));
  return delays;
};

test("request queue: arms no timer when nothing is pending after a response", (t) => {
  const queue = queueOf(requireKafkajs([requestQueuePatch]), null);
  const delays = delaysOf(t);
  queue.push(requestOf(1, []));
  queue.fulfillRequest(answer(1));
  assert.deepEqual(delays, []);
});

test("request queue: arms a timer of negative delay after each response when it is not patched", (t) => {
  const queue = queueOf(requireKafkajs([]), null);
  const delays = delaysOf(t);
  queue.push(requestOf(1, []));
  queue.fulfillRequest(answer(1));
  assert.equal(delays.length, 1);
  assert.ok((delays[0] ?? 0) < 0);
});

test("request queue: sends what was queued when a throttle ends", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const queue = queueOf(requireKafkajs([requestQueuePatch]), null);
  const sent: number[] = [];
  queue.maybeThrottle(50);
  queue.push(requestOf(1, sent));
  t.mock.timers.tick(49);
  assert.deepEqual(sent, []);
  t.mock.timers.tick(2);
  assert.deepEqual(sent, [1]);
  assert.equal(queue.throttleCheckTimeoutId, null);
});

test("request queue: sends what was queued when a place in flight is free", () => {
  const queue = queueOf(requireKafkajs([requestQueuePatch]), 1);
  const sent: number[] = [];
  queue.push(requestOf(1, sent));
  queue.push(requestOf(2, sent));
  assert.deepEqual(sent, [1]);
  queue.fulfillRequest(answer(1));
  assert.deepEqual(sent, [1, 2]);
  queue.destroy();
});
