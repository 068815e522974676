/** The fast gate: a counter a coupon in Redis, and a mark for each unit in flight. */
import type { CouponStock, Take, TakeAnswer } from "../../processors/coupons/coupon-ports.ts";
import { Fatal, Fenced, Unavailable } from "../../engine/errors.ts";
import type { Fence } from "../../engine/lease.ts";
import type { Counter } from "../../processors/coupons/reconcile-coupons.ts";
import type { CouponId } from "../../schemas/coupon.ts";
import { checkTake } from "../ids.ts";
import { type Ask, type Asked, askByCoupon } from "./ask-by-coupon.ts";
import { type RedisConnection, reaching } from "./connection.ts";
import { runScript, type Script, WrongKeys } from "./script.ts";
import { stockKey } from "./stock-key.ts";
import {
  countersScript,
  initialiseScript,
  releaseScript,
  reserveScript,
  settleScript,
  wholeOf,
} from "./stock-scripts.ts";

/**
 * Coupons one script deals with: 1,000 keep Redis busy for about a millisecond. More run in pieces, one after the other: all takes
 * of a coupon are in one piece, and each piece, not the whole, is atomic.
 */
const scriptMaxCoupons = 1_000;

/** A counter is forgotten a week after it was set; who takes next finds it uninitialised, and -2 is no harm. */
const counterTtlSeconds = 7 * 24 * 3_600;

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
  /** Runs a script that answers how many hashes are another's by now. */
  const change = async (of: Script, parts: readonly Part[]): Promise<void> => {
    const { answer, own } = await runOnOwnKeys(client, of, [epoch()], parts);
    if (answer !== 0 && fence !== undefined)
      throw await fencedBy(
        client,
        fence,
        own.flatMap((at) => parts[at] ?? []),
      );
  };
  return {
    reserve: async (takes) => {
      checkAll(takes);
      const asked = askByCoupon(takes);
      const letters: unknown[] = [];
      for (const asks of slices(asked.asks)) {
        const parts = asks.map(partOf);
        const { answer: replies, own } = await runOnOwnKeys(client, reserveScript, [epoch()], parts);
        const refusing = own.filter((_, at) => isRefused(replies, at));
        if (refusing.length > 0 && fence !== undefined)
          throw await fencedBy(
            client,
            fence,
            refusing.flatMap((part) => parts[part] ?? []),
          );
        const from = letters.length;
        // Where a key is not the gate's, the database decides: no request is guilty of what somebody else wrote there.
        for (const _ of asks) letters.push(notOwn);
        let at = 0;
        for (const part of own) letters[from + part] = Array.isArray(replies) ? replies[at++] : undefined;
      }
      return answersTo(asked, letters);
    },
    release: async (takes) => {
      checkAll(takes);
      for (const asks of slices(askByCoupon(takes).asks)) await change(releaseScript, asks.map(partOf));
    },
    initialise: async (counters) => {
      for (const some of slices([...counters]))
        await runOnOwnKeys(client, initialiseScript, [epoch(), String(counterTtlSeconds)], some.map(toPart));
    },
    settle: async (remaining) => {
      for (const some of slices([...remaining])) await change(settleScript, some.map(toPart));
    },
  };
};

/** One coupon's part of a script: its key, and the argument that goes with it. */
interface Part {
  readonly key: string;
  readonly value: string;
}

/**
 * Runs a script on the keys that are the gate's; `own` has their places among all, in the order of the script's answers. Where some
 * hold what the gate never wrote, it runs again without them: each script may, and one wrong key keeps no other coupon waiting.
 * They are named by upkeep, `reconcile` and `verify`, and stay as they are. @throws what {@link runScript} throws but WrongKeys
 */
const runOnOwnKeys = async (
  client: RedisConnection["client"],
  of: Script,
  head: readonly string[],
  parts: readonly Part[],
): Promise<{ readonly answer: unknown; readonly own: readonly number[] }> => {
  const run = async (own: readonly number[]) => {
    const chosen = own.flatMap((at) => parts[at] ?? []);
    const values = [...head, ...chosen.map(({ value }) => value)];
    return { answer: await runScript(client, of, { keys: chosen.map(({ key }) => key), values }), own };
  };
  const all = parts.map((_, at) => at);
  try {
    return await run(all);
  } catch (error) {
    if (!(error instanceof WrongKeys)) throw error;
    const wrong = new Set(error.keys);
    return run(all.filter((at) => !wrong.has(parts[at]?.key ?? "")));
  }
};

const slices = function* <T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += scriptMaxCoupons) yield all.slice(from, from + scriptMaxCoupons);
};

/** Whether a hash knows a higher epoch: it answers all of its takes alike. */
const isRefused = (replies: unknown, at: number): boolean => {
  const letters: unknown = Array.isArray(replies) ? replies[at] : undefined;
  return typeof letters === "string" && letters.startsWith("f");
};

/**
 * The refusal of the hash with the highest epoch, which it names: a lease that is taken again has to be above it. Rare, and one
 * more call a hash, at once; where one is lost the round comes again.
 */
export const fencedBy = async (
  client: RedisConnection["client"],
  fence: Fence,
  hashes: readonly Pick<Part, "key">[],
): Promise<Fenced> => {
  const epochs = await reaching(client, () => Promise.all(hashes.map(({ key }) => client.hget(key, "epoch"))));
  const known = hashes.map(({ key }, at) => ({ key, epoch: wholeOf(epochs[at] ?? "") }));
  const [highest] = known.filter(({ epoch }) => epoch > fence.epoch).toSorted((a, b) => b.epoch - a.epoch);
  return new Fenced(fence, highest?.epoch, `the gate's ${highest?.key ?? hashes[0]?.key}`);
};

/** In place of the letters of a coupon whose key is not the gate's. */
const notOwn = Symbol("not own");

/** The answer to each take of a round, by the letters that each coupon was answered. */
const answersTo = ({ couponOf, markOf }: Asked, letters: readonly unknown[]): readonly TakeAnswer[] => {
  const answers: TakeAnswer[] = [];
  for (let place = 0; place < couponOf.length; place++) {
    const ofCoupon = letters[couponOf[place] ?? 0];
    answers.push(ofCoupon === notOwn ? "unsure" : toAnswer(ofCoupon, markOf[place] ?? 0));
  }
  return answers;
};

const checkAll = (takes: readonly Take[]): void => {
  for (const take of takes) checkTake(take);
};

const partOf = ({ couponId, ids }: Ask): Part => ({ key: stockKey(couponId), value: ids });

const toAnswer = (letters: unknown, at: number): TakeAnswer => {
  switch (typeof letters === "string" ? letters[at] : undefined) {
    case "t":
      return "taken";
    case "n":
      return "none";
    case "d":
      return "unsure";
    case "u":
      return "uninitialised";
  }
  throw new Fatal("GATE_REPLY", `the reserve script answered no known letter at ${at}: is it another release's?`);
};

const toPart = ([couponId, left]: readonly [CouponId, number]): Part => {
  if (Number.isSafeInteger(left) && left >= 0) return { key: stockKey(couponId), value: String(left) };
  throw new Fatal("BAD_COUNTER", `coupon ${couponId}: expected a count of units, got ${left}`);
};

/**
 * Reads counters for a check from outside; coupons without one are absent, and those whose key holds something else have one that
 * is foreign: one wrong key keeps no other coupon from being looked at. Not atomic over several scripts of 1,000 coupons.
 * @throws Unavailable
 */
export const readCounters = async (
  { client }: RedisConnection,
  couponIds: readonly CouponId[],
): Promise<ReadonlyMap<CouponId, Counter>> => {
  const counters = new Map<CouponId, Counter>();
  for (const some of slices(couponIds)) {
    const parts = some.map((couponId) => ({ key: stockKey(couponId), value: "" }));
    const { answer, own } = await runOnOwnKeys(client, countersScript, [], parts);
    if (!Array.isArray(answer)) throw new Unavailable("redis", `the counters were answered by ${typeof answer}`);
    const wrong = new Set(some);
    own.forEach((part, at) => {
      const couponId = some[part];
      if (couponId === undefined) return;
      wrong.delete(couponId);
      const left: unknown = answer[2 * at];
      if (left !== null) counters.set(couponId, { left: wholeOf(String(left)), marks: Number(answer[2 * at + 1]) });
    });
    for (const couponId of wrong) counters.set(couponId, { left: Number.NaN, marks: 0, foreign: true });
  }
  return counters;
};
