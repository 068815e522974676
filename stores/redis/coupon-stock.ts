/** The fast gate: a counter a coupon in Redis, and a mark for each unit it gave out. */
import type { CouponStock, Take, TakeAnswer } from "../../processors/coupons/coupon-ports.ts";
import { Fatal, Fenced, Unavailable } from "../../engine/errors.ts";
import type { Fence } from "../../engine/lease.ts";
import type { Counter } from "../../processors/coupons/reconcile-coupons.ts";
import type { CouponId } from "../../schemas/coupon.ts";
import { checkTake } from "../ids.ts";
import type { RedisConnection } from "./connection.ts";
import { runScript } from "./script.ts";
import { countersScript, initialiseScript, releaseScript, reserveScript } from "./stock-scripts.ts";

/**
 * Takes, or counters, one script deals with: 1,000 keep Redis busy for one or two milliseconds. A larger round is
 * cut in pieces that run one after the other, so it keeps its order; each piece, not the whole, is atomic.
 */
const scriptMaxTakes = 1_000;

/** A coupon nobody has taken from for a week is forgotten; its next taker finds it uninitialised, and -2 is no harm. */
const idleTtlSeconds = 7 * 24 * 3_600;

/** The hash of a coupon. The braces would keep it in one slot of a cluster; the scripts need all coupons on one server. */
export const stockKey = (couponId: CouponId): string => `sluice:coupon:{${couponId}}`;

/**
 * The {@link CouponStock} of a Redis. A reply that was lost leaves it unknown whether a script ran; all of them may
 * run again. Ids that no store can keep are refused before anything is held. With a fence, a coupon that a holder of a
 * higher epoch has touched is left alone.
 * @throws Poison naming the reservation whose ids are malformed.
 * @throws Fenced
 */
export const couponStock = ({ client }: RedisConnection, fence?: Fence): CouponStock => {
  // Read at each call: a lease may be taken again.
  const epoch = (): string => String(fence?.epoch ?? 0);
  return {
    reserve: async (takes) => {
      takes.forEach(checkTake);
      const answers: TakeAnswer[] = new Array(takes.length);
      for (const { keys, values, places } of pieces(takes)) {
        const reply = await runScript(client, reserveScript, {
          keys,
          values: [String(idleTtlSeconds), epoch(), ...values],
        });
        places.forEach((place, at) => {
          answers[place] = toAnswer(reply, at, fence);
        });
      }
      return answers;
    },
    release: async (takes) => {
      takes.forEach(checkTake);
      for (const { keys, values } of pieces(takes)) {
        const refused = await runScript(client, releaseScript, { keys, values: [epoch(), ...values] });
        if (refused !== 0 && fence !== undefined) throw new Fenced(fence, undefined);
      }
    },
    initialise: async (counters) => {
      const all = [...counters];
      for (let from = 0; from < all.length; from += scriptMaxTakes) {
        const some = all.slice(from, from + scriptMaxTakes);
        const keys = some.map(([couponId]) => stockKey(couponId));
        const values = [String(idleTtlSeconds), epoch(), ...some.map(toCounter)];
        await runScript(client, initialiseScript, { keys, values });
      }
    },
  };
};

const toAnswer = (reply: unknown, at: number, fence: Fence | undefined): TakeAnswer => {
  switch (typeof reply === "string" ? reply[at] : undefined) {
    case "t":
      return "taken";
    case "n":
      return "none";
    case "u":
      return "uninitialised";
    case "o":
      return "heldByOther";
    case "f":
      if (fence !== undefined) throw new Fenced(fence, undefined);
  }
  throw new Fatal("GATE_REPLY", `the reserve script answered no known letter at ${at}: is it another release's?`);
};

const toCounter = ([couponId, left]: readonly [CouponId, number]): string => {
  if (Number.isSafeInteger(left) && left >= 0) return String(left);
  throw new Fatal("BAD_COUNTER", `coupon ${couponId}: expected a count of units, got ${left}`);
};

/** What goes into one script; `places` says where in the round each of its takes stands. */
interface Piece {
  readonly keys: readonly string[];
  readonly values: readonly string[];
  readonly places: readonly number[];
}

/** Cuts a round, and groups each cut by coupon: a coupon's takes keep their order, and coupons don't affect each other. */
const pieces = function* (takes: readonly Take[]): Generator<Piece> {
  for (let from = 0; from < takes.length; from += scriptMaxTakes) {
    const some = takes.slice(from, from + scriptMaxTakes);
    const byCoupon = Map.groupBy(some.keys(), (at) => some[at]?.couponId);
    const keys: string[] = [];
    const values: string[] = [];
    const places: number[] = [];
    for (const [couponId, members] of byCoupon) {
      if (couponId === undefined) continue;
      keys.push(stockKey(couponId));
      values.push(String(members.length));
      for (const at of members) {
        const take = some[at];
        if (take !== undefined) values.push(take.userId, take.reservationId);
        places.push(from + at);
      }
    }
    yield { keys, values, places };
  }
};

/**
 * Reads counters for a check from outside; coupons without one are absent. Not atomic over several scripts of 1,000 coupons.
 * @throws Unavailable
 */
export const readCounters = async (
  { client }: RedisConnection,
  couponIds: readonly CouponId[],
): Promise<ReadonlyMap<CouponId, Counter>> => {
  const counters = new Map<CouponId, Counter>();
  for (let from = 0; from < couponIds.length; from += scriptMaxTakes) {
    const some = couponIds.slice(from, from + scriptMaxTakes);
    const answer = await runScript(client, countersScript, { keys: some.map(stockKey), values: [] });
    if (!Array.isArray(answer)) throw new Unavailable("redis", `the counters were answered by ${typeof answer}`);
    some.forEach((couponId, at) => {
      const left: unknown = answer[2 * at];
      if (left !== null) counters.set(couponId, { left: Number(left), marks: Number(answer[2 * at + 1]) });
    });
  }
  return counters;
};
