/** How an API sees the queue when the brokers answer, are slow, refuse, or are asked by many. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../engine/errors.ts";
import type { LogFields } from "../../engine/logger.ts";
import { settled, steppedClock } from "../../engine/testing/stepped-clock.ts";
import { lookAt, seeQueue } from "./request-queue.ts";

/** Brokers of which a test decides what they answer. */
const brokers = () => {
  const { clock, step } = steppedClock();
  const logged: LogFields[] = [];
  const calls: string[] = [];
  const answers: { committed: () => Promise<readonly (bigint | undefined)[]> } = {
    committed: async () => [3n, undefined],
  };
  const admin = {
    committedOffsets: (groupId: string, topic: string) => {
      calls.push(`committed ${groupId} ${topic}`);
      return answers.committed();
    },
    endOffsets: async (topic: string) => {
      calls.push(`ends ${topic}`);
      return [9n, 4n];
    },
  };
  const see = seeQueue(lookAt(admin, { groupId: "g", topic: "t" }, clock), {
    clock,
    logger: { warn: (fields) => logged.push(fields) },
  });
  return { see, step, clock, calls, logged, answers };
};

test("request queue: is what the group has committed, then the topic's end, in one look of a second for all who ask", async () => {
  const { see, step, clock, calls } = brokers();
  const expected = {
    atMs: clock.now(),
    partitions: [
      { committed: 3n, end: 9n },
      { committed: undefined, end: 4n },
    ],
  };
  assert.deepEqual(await Promise.all([see(), see()]), [expected, expected]);
  await step(999);
  assert.deepEqual(await see(), expected);
  assert.deepEqual(calls, ["committed g t", "ends t"]);
  await step(1);
  assert.equal((await see())?.atMs, clock.now());
  assert.equal(calls.length, 4);
});

test("request queue: is not seen, and one line says why, when the brokers refuse, until they answer again", async () => {
  const { see, step, logged, answers } = brokers();
  const works = answers.committed;
  answers.committed = async () => {
    throw new Unavailable("kafka", "GROUP_AUTHORIZATION_FAILED");
  };
  assert.equal(await see(), undefined);
  await step(1_000);
  assert.equal(await see(), undefined);
  assert.deepEqual(
    logged.map(({ event, code }) => `${event} ${String(code)}`),
    ["queue.unseen UNAVAILABLE"],
  );
  answers.committed = works;
  await step(1_000);
  assert.equal((await see())?.partitions.length, 2);
});

test("request queue: is not waited for longer than half a second, and no late answer is believed, when the brokers are slow", async () => {
  const { see, step, calls, answers } = brokers();
  const late = Promise.withResolvers<readonly bigint[]>();
  answers.committed = () => late.promise;
  const first = see();
  await step(500);
  assert.equal(await first, undefined);
  const second = see();
  await step(500);
  assert.equal(await second, undefined);
  await step(1_500);
  late.resolve([1n, 1n]);
  await settled();
  assert.equal(await see(), undefined);
  assert.equal(calls.filter((call) => call.startsWith("committed")).length, 1);
});
