/**
 * A waiting queue in Redis, the older design: a sorted set by the time of the request, and a scheduler that takes the first
 * hundred once a tick and decides them one after the other, by the same decrement and transaction. No Kafka, and no result
 * event. What a scheduler that dies has taken is lost.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { v7 } from "uuid";
import type { ReservationId, UserId } from "../../../schemas/coupon.ts";
import { type Asked, type BaselineRun, type Shop, type ShopOptions, withShop } from "./baseline-shop.ts";

/** Between two ticks, ms. */
const tickMs = 100;
/** Requests taken in one tick, at most. */
const tickRequests = 100;
/** Requests that one ZADD puts into the queue. */
const chunkRequests = 1_000;

/** Puts all requests into the queue, and then has the scheduler empty it. @throws the drivers' errors */
export const runQueue = (options: ShopOptions): Promise<BaselineRun> =>
  withShop(options, 2, async ({ redis, issue }) => {
    const queue = `baseline:${options.name}:queue`;
    await fill(redis, queue, options.records);
    return schedule(() => take(redis, queue), issue, options.signal);
  });

/** When the tick after one that was due at `dueMs` is due: at once where that one took too long, and missed ones are not made up for. */
export const nextTick = (dueMs: number, nowMs: number): number => Math.max(dueMs + tickMs, nowMs);

const schedule = async (
  takeSome: () => Promise<readonly Asked[]>,
  issue: Shop["issue"],
  signal: AbortSignal,
): Promise<BaselineRun> => {
  const startedAt = performance.now();
  let [records, issued, endedAt, due] = [0, 0, startedAt, startedAt];
  for (;;) {
    const some = await takeSome();
    if (some.length === 0) return { records, issued, seconds: (endedAt - startedAt) / 1_000 };
    for (const asked of some) if (await issue(asked)) issued++;
    records += some.length;
    endedAt = performance.now();
    due = nextTick(due, endedAt);
    await sleep(due - endedAt, undefined, { signal });
  }
};

const fill = async (redis: Redis, queue: string, requests: number): Promise<void> => {
  await redis.del(queue);
  for (let from = 0; from < requests; from += chunkRequests) {
    const some = Array.from({ length: Math.min(chunkRequests, requests - from) }, (_, n) => request(from + n));
    await redis.zadd(queue, ...some.flatMap((asked) => [asked.requestedAt, JSON.stringify(asked)]));
  }
};

const request = (n: number): Asked => ({
  reservationId: v7() as ReservationId,
  userId: `user-${n}` as UserId,
  requestedAt: Date.now(),
});

/** Members and scores come in turn. */
const take = async (redis: Redis, queue: string): Promise<readonly Asked[]> =>
  (await redis.zpopmin(queue, tickRequests))
    .filter((_, at) => at % 2 === 0)
    // Erasure: what `fill` wrote.
    .map((member) => JSON.parse(member) as Asked);
