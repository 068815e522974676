/** What becomes of a stalled worker, on a clock that is moved by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "../../logger.ts";
import { createWaits } from "./waits.ts";
import { watch } from "./watchdog.ts";

/** A clock that does not move until it is moved; a sleeper wakes up at every move, as after a short sleep. */
const handClock = () => {
  let now = 0;
  let wake: (() => void)[] = [];
  return {
    now: () => now,
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        wake.push(resolve);
        signal?.addEventListener("abort", () => resolve());
      }),
    to: async (ms: number) => {
      now = ms;
      const woken = wake;
      wake = [];
      for (const resolve of woken) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
};

const stage = () => {
  const clock = handClock();
  const waits = createWaits(clock);
  const lines: string[] = [];
  const logger = { ...silentLogger, error: (_: unknown, line: string) => void lines.push(line) };
  const stopped = new AbortController();
  const limits = { unreadyMs: 30_000, endMs: 120_000 };
  const dog = watch({ limits, oldest: waits.oldest, clock, logger, signal: stopped.signal });
  return { clock, waits, lines, stopped, dog };
};

test("watchdog: says once what is waited for and makes the worker unready, and ends it when nothing comes of that", async () => {
  const { clock, waits, lines, dog } = stage();
  void waits.during("write-through of t/3", new Promise(() => {}));
  await clock.to(29_000);
  assert.equal(dog.stalled(), undefined);
  await clock.to(31_000);
  await clock.to(60_000);
  assert.match(dog.stalled() ?? "", /write-through of t\/3, for 60 s/);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /write-through of t\/3/);
  await clock.to(121_000);
  await clock.to(122_000);
  const error = await dog.watching;
  assert.equal(error?.code, "STALLED");
});

test("watchdog: lets a worker live that goes from one wait to the next", async () => {
  const { clock, waits, stopped, dog } = stage();
  for (let at = 0; at <= 600_000; at += 20_000) {
    const answer = Promise.withResolvers<void>();
    const call = waits.during("a call", answer.promise);
    await clock.to(at + 19_000);
    assert.equal(dog.stalled(), undefined);
    answer.resolve();
    await call;
  }
  stopped.abort();
  assert.equal(await dog.watching, undefined);
});

test("watchdog: lets a worker live that stood still itself, and reads its answer when it goes on", async () => {
  const { clock, waits, stopped, dog } = stage();
  const answer = Promise.withResolvers<void>();
  const call = waits.during("a call", answer.promise);
  await clock.to(1_000);
  await clock.to(600_000);
  answer.resolve();
  await call;
  await clock.to(601_000);
  stopped.abort();
  assert.equal(await dog.watching, undefined);
});

test("waits: forget a call that failed", async () => {
  const waits = createWaits({ now: () => 5 });
  await assert.rejects(waits.during("a call", Promise.reject(new Error("refused"))), /refused/);
  assert.equal(waits.oldest(), undefined);
});
