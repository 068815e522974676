/** The coupons of a simulated world, and who asks for them when: drawn from the seed, before anything happens. */
import { openCoupon, request } from "../../../topology/testing/memory-stage.ts";
import type { Encoder } from "../../../engine/avro/codec.ts";
import type { Coupon, CouponIssueRequested, PolicyId, UserId } from "../../../schemas/coupon.ts";
import type { Dice } from "../environment/dice.ts";
import type { Scenario } from "./scenario.ts";
import { beginningAt } from "../environment/time.ts";

/** A record that the API appends. */
export interface Sending {
  readonly atMs: number;
  /** The key: a coupon, perhaps one that does not exist. */
  readonly couponId: string;
  readonly value: Buffer;
}

/** Coupons with too few, enough or too many units; some open late, some close early. */
export const drawCoupons = (dice: Dice, { coupons, requests, stormMs }: Scenario): readonly Coupon[] =>
  Array.from({ length: coupons }, (_, n) => {
    const share = Math.ceil(requests / coupons);
    const stock = Math.max(1, Math.floor(share * dice.pick([0.1, 0.3, 0.6, 2])));
    const midway = beginningAt + dice.between(1, stormMs);
    return {
      ...openCoupon(`c${n}`, stock),
      opensAt: dice.chance(0.2) ? midway : null,
      closesAt: dice.chance(0.1) ? midway + dice.between(1, stormMs) : null,
    };
  });

/** Requests in the order of their numbers, with copies, strangers and rubbish among them. */
export const drawSendings = (
  dice: Dice,
  scenario: Scenario,
  encode: Encoder<CouponIssueRequested>,
): readonly Sending[] => {
  const asked: CouponIssueRequested[] = [];
  const burstMs = dice.pick([1, scenario.stormMs / 4, scenario.stormMs]);
  return Array.from({ length: scenario.requests }, (_, n) => {
    const atMs = Math.floor(dice.next() * burstMs);
    if (dice.chance(scenario.poison)) {
      return { atMs, couponId: couponOf(dice, scenario), value: rubbish(dice) };
    }
    const value = drawRequest(dice, { scenario, asked, n });
    asked.push(value);
    return { atMs, couponId: value.couponId, value: encode(value) };
  }).toSorted((a, b) => a.atMs - b.atMs);
};

/** One coupon is asked for by half of all; one in forty asks for a coupon that does not exist. */
const couponOf = (dice: Dice, { coupons }: Scenario): string => {
  if (dice.chance(0.025)) return "nowhere";
  return `c${dice.chance(0.5) ? 0 : dice.between(0, coupons - 1)}`;
};

const drawRequest = (
  dice: Dice,
  {
    scenario,
    asked,
    n,
  }: { readonly scenario: Scenario; readonly asked: readonly CouponIssueRequested[]; readonly n: number },
): CouponIssueRequested => {
  const earlier = asked[dice.between(0, Math.max(0, asked.length - 1))];
  if (earlier !== undefined && dice.chance(scenario.copies)) return earlier;
  const users = Math.max(2, Math.floor(scenario.requests * scenario.usersPerRequest));
  const fresh = request(n + 1, couponOf(dice, scenario), `user-${dice.between(1, users)}` as UserId);
  const policyId = dice.chance(0.05) ? (dice.pick(["policy", "old"]) as PolicyId) : null;
  if (earlier !== undefined && dice.chance(scenario.reused)) return { ...fresh, reservationId: earlier.reservationId };
  return { ...fresh, policyId };
};

const rubbish = (dice: Dice): Buffer =>
  dice.pick([
    Buffer.alloc(0),
    Buffer.from("rubbish"),
    Buffer.from([0, 0, 0, 0, 1, 2, 3]),
    Buffer.from([0, 0]),
    // A schema that no registry has.
    Buffer.from([0, 0, 0, 0, 99, 2, 3]),
  ]);
