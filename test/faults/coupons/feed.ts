/** Requests that keep coming while faults strike: to every partition, acknowledged or still being tried. */
import { setTimeout as sleep } from "node:timers/promises";
import { mintWith } from "../../../dev/mint.ts";
import { partitionOfKey } from "../../../engine/log/producer/partitioner.ts";
import { type CouponId, couponIssueRequests, type ReservationId } from "../../../schemas/coupon.ts";
import { type Asked, asks, type LoadCoupon } from "./requests.ts";
import type { Scene } from "./scene.ts";

/** A running load. */
export interface Feed {
  readonly prefix: string;
  readonly coupons: readonly LoadCoupon[];
  /** Records appended so far, acknowledged or not. */
  readonly sent: () => number;
  /** Ends it; resolves when every request is acknowledged, with what must have a verdict now. */
  readonly stop: () => Promise<{ readonly acknowledged: ReadonlySet<ReservationId>; readonly poison: number }>;
}

/** Between two handfuls of requests. */
const everyMs = 20;

/** Two coupons a partition, one that lasts and one that sells out, so that every partition always has something to say. */
const couponsFor = (prefix: string): readonly LoadCoupon[] => {
  const { partitions } = couponIssueRequests;
  const coupons: LoadCoupon[] = [];
  for (const [name, stock] of [
    ["plenty", 1_000_000],
    ["few", 150],
  ] as const) {
    const covered = new Set<number>();
    for (let n = 0; covered.size < partitions; n++) {
      const couponId = `${prefix}${name}-${n}` as CouponId;
      const partition = partitionOfKey(Buffer.from(couponId), partitions);
      if (covered.has(partition)) continue;
      covered.add(partition);
      coupons.push({ couponId, stock });
    }
  }
  return coupons;
};

/** Starts a load of `perSecond` requests on coupons of its own. */
export const startFeed = async (scene: Scene, perSecond: number): Promise<Feed> => {
  const prefix = scene.newPrefix();
  const coupons = couponsFor(prefix);
  await scene.openCoupons(coupons);
  const source = asks(mintWith(scene.config), coupons);
  const appends: Promise<void>[] = [];
  const acknowledged = new Set<ReservationId>();
  const count = { sent: 0, poison: 0 };
  let stopped = false;
  const send = (handful: readonly Asked[]): void => {
    count.sent += handful.length;
    for (const { request } of handful) {
      if (request === undefined) count.poison++;
      else acknowledged.add(request.reservationId);
    }
    // Every append is waited for in the end: all that was asked is then acknowledged.
    appends.push(scene.append(handful));
  };
  const run = async (): Promise<void> => {
    const startedAt = performance.now();
    while (!stopped && !scene.signal.aborted) {
      const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1_000) - count.sent;
      if (due > 0) send(take(source, due));
      await sleep(everyMs);
    }
  };
  const running = run();
  return {
    prefix,
    coupons,
    sent: () => count.sent,
    stop: async () => {
      stopped = true;
      await running;
      await Promise.all(appends);
      return { acknowledged, poison: count.poison };
    },
  };
};

const take = (source: Generator<Asked>, count: number): Asked[] =>
  Array.from({ length: count }, () => source.next().value as Asked);
