/** How an API sees the queue when the brokers answer, are slow, refuse, or are asked by many. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../engine/errors.ts";
import type { LogFields } from "../../engine/logger.ts";
import { settled, steppedClock } from "../../engine/testing/stepped-clock.ts";
import { seeQueue } from "./request-queue.ts";

/** A log of which a test decides what it answers. */
const queue = () => {
  const { clock, step } = steppedClock();
  const logged: LogFields[] = [];
  const log = { looks: 0, answer: async () => [{ committed: 3n, end: 9n }] };
  const look = () => {
    log.looks += 1;
    return log.answer();
  };
  const see = seeQueue(look, { clock, logger: { warn: (fields) => logged.push(fields) } });
  return { see, step, clock, log, logged };
};

const away = async () => {
  throw new Unavailable("kafka", "GROUP_AUTHORIZATION_FAILED");
};

test("request queue: is one look of a second for all who ask", async () => {
  const { see, step, clock, log } = queue();
  const expected = { atMs: clock.now(), partitions: [{ committed: 3n, end: 9n }] };
  assert.deepEqual(await Promise.all([see(), see()]), [expected, expected]);
  await step(999);
  assert.deepEqual(await see(), expected);
  assert.equal(log.looks, 1);
  await step(1);
  assert.equal((await see())?.atMs, clock.now());
  assert.equal(log.looks, 2);
});

test("request queue: is not seen, and one line says why, when the log refuses, until it answers again", async () => {
  const { see, step, log, logged } = queue();
  const works = log.answer;
  log.answer = away;
  assert.equal(await see(), undefined);
  await step(1_000);
  assert.equal(await see(), undefined);
  assert.deepEqual(
    logged.map(({ event, code }) => `${event} ${String(code)}`),
    ["queue.unseen UNAVAILABLE"],
  );
  log.answer = works;
  await step(1_000);
  assert.equal((await see())?.partitions.length, 1);
});

test("request queue: is as it was seen last for two seconds, and then unknown, when the log goes away", async () => {
  const { see, step, log } = queue();
  const seen = await see();
  log.answer = away;
  await step(1_999);
  assert.deepEqual(await see(), seen);
  await step(1);
  assert.equal(await see(), undefined);
});

test("request queue: is not waited for longer than half a second, and no old answer is believed, when the log is slow", async () => {
  const { see, step, log } = queue();
  const [late, later] = [0, 1].map(() => Promise.withResolvers<{ committed: bigint; end: bigint }[]>());
  log.answer = () => late?.promise ?? assert.fail();
  for (let n = 0; n < 2; n++) {
    const asked = see();
    await step(500);
    assert.equal(await asked, undefined);
  }
  await step(1_000);
  late?.resolve([{ committed: 1n, end: 1n }]);
  await settled();
  assert.equal(await see(), undefined, "it is of two seconds ago");
  assert.equal(log.looks, 1);
  log.answer = () => later?.promise ?? assert.fail();
  await step(1_000);
  const asked = see();
  await step(500);
  assert.equal(await asked, undefined);
  later?.resolve([{ committed: 2n, end: 2n }]);
  await settled();
  assert.equal((await see())?.partitions[0]?.committed, 2n);
  assert.equal(log.looks, 2);
});
