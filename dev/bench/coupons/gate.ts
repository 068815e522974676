/**
 * What the gate costs and holds: units taken and settled as rounds do it, through a Redis of its own with little memory. The
 * database is left out: a round is settled as soon as it was taken. So it shows what Redis does, and that what is issued leaves nothing.
 */
import type { Take } from "../../../processors/coupons/coupon-ports.ts";
import type { CouponId, ReservationId, UserId } from "../../../schemas/coupon.ts";
import { couponStock } from "../../../stores/redis/coupon-stock.ts";
import { readMemory } from "../../../stores/redis/inspect.ts";
import { type OwnRedis, ownRedis } from "../own-redis.ts";

/** What a run came to. */
export interface GateRun {
  readonly units: number;
  readonly maxMemoryMb: number;
  readonly seconds: number;
  readonly unitsPerSecond: number;
  /** User and system time of Redis, by unit. */
  readonly redisCpuMicros: number;
  /** What Redis held when the counters were set, at most meanwhile, and in the end. */
  readonly memoryMb: { readonly before: number; readonly most: number; readonly after: number };
  /** What was not as it should be; a run with any counts for nothing. */
  readonly broken: readonly string[];
}

const maxMemoryMb = 64;
const roundTakes = 1_000;
/** Coupons of each partition, which take turns: one hot one, and five partitions of two hundred. */
const partitionCoupons = [1, 200, 200, 200, 200, 200] as const;

/** Takes and settles `units`. @throws Error where no Redis can be started. */
export const measureGate = async (units: number, signal: AbortSignal): Promise<GateRun> => {
  const own = await ownRedis(`${maxMemoryMb}mb`);
  try {
    return await run(own, units, signal);
  } finally {
    await own.close();
  }
};

const run = async ({ redis }: OwnRedis, units: number, signal: AbortSignal): Promise<GateRun> => {
  const stock = couponStock(redis, { topology: "bench", topic: "gate", partition: 0, epoch: 1 });
  const memoryMb = async (): Promise<number> => Math.round(((await readMemory(redis)).usedBytes / 2 ** 20) * 10) / 10;
  const rounds = Math.ceil(units / roundTakes / partitionCoupons.length);
  const partitions = partitionCoupons.map((count, partition) => partitionOf(partition, count, rounds * roundTakes));
  for (const { remaining } of partitions) await stock.initialise(remaining);
  const [before, cpuBefore] = [await memoryMb(), await cpuSeconds(redis)];
  let [most, taken] = [before, 0];
  const startedAt = performance.now();
  for (let round = 0; round < rounds; round++) {
    signal.throwIfAborted();
    // Side by side, as partitions are.
    await Promise.all(
      partitions.map(async ({ takes, settle }) => {
        const asked = takes();
        const answers = await stock.reserve(asked);
        taken += answers.filter((answer) => answer === "taken").length;
        await stock.settle(settle(asked));
      }),
    );
    if (round % 20 === 0) most = Math.max(most, await memoryMb());
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const asked = rounds * roundTakes * partitions.length;
  const memory = { before, most, after: await memoryMb() };
  return {
    ...{ units: taken, maxMemoryMb, seconds: Math.round(seconds * 10) / 10, memoryMb: memory },
    unitsPerSecond: Math.round(taken / seconds),
    redisCpuMicros: Math.round((((await cpuSeconds(redis)) - cpuBefore) / taken) * 1e8) / 100,
    broken: taken === asked ? [] : [`${taken} of ${asked} units were taken`],
  };
};

/** The coupons of a partition and what the database would have left of them. */
const partitionOf = (partition: number, count: number, units: number) => {
  const couponIds = Array.from({ length: count }, (_, n) => `gate-${partition}-${n}` as CouponId);
  const remaining = new Map(couponIds.map((couponId) => [couponId, Math.ceil(units / count)]));
  let next = 0;
  return {
    remaining,
    takes: (): readonly Take[] =>
      Array.from({ length: roundTakes }, () => {
        const number = (partition * 1e10 + next).toString(16).padStart(12, "0");
        const couponId = couponIds[next++ % count] ?? ("none" as CouponId);
        const reservationId = `01900000-0000-7000-8000-${number}` as ReservationId;
        return { couponId, userId: `user-${number}` as UserId, reservationId };
      }),
    settle: (takes: readonly Take[]): ReadonlyMap<CouponId, number> => {
      const left = new Map<CouponId, number>();
      for (const { couponId } of takes) {
        remaining.set(couponId, (remaining.get(couponId) ?? 0) - 1);
        left.set(couponId, remaining.get(couponId) ?? 0);
      }
      return left;
    },
  };
};

const cpuSeconds = async ({ client }: OwnRedis["redis"]): Promise<number> => {
  const info = await client.info("cpu");
  return ["used_cpu_sys", "used_cpu_user"].reduce(
    (sum, name) => sum + Number(new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? 0),
    0,
  );
};
