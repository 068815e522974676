/** What a simulated worker looks after besides rounds: the real upkeep, on the gate and the database behind the network. */
import { couponUpkeep } from "../../../ops/reconcile/coupon-upkeep.ts";
import type { Fence } from "../../../engine/lease.ts";
import type { CouponGate, CouponTruth, Repair } from "../../../processors/coupons/reconcile-coupons.ts";
import type { Upkeep } from "../../../engine/worker/upkeep.ts";
import type { CouponId } from "../../../schemas/coupon.ts";
import { memoryCouponGate, memoryCouponTruth } from "../../../processors/testing/memory-reconciliation.ts";
import type { ClaimName } from "./claims.ts";
import type { Process } from "../environment/process.ts";
import type { Scenario } from "./scenario.ts";
import { catalogOf, fencedCall, type StoreWorld } from "./stores.ts";

/** What upkeep works with. */
export interface UpkeepWorld extends StoreWorld {
  readonly scenario: Scenario;
  /** Called for every step of a repair. */
  readonly mending: () => void;
  readonly broke: (claim: ClaimName, what: string, about: readonly string[]) => void;
}

/** Few, so that some worlds have many pages of coupons. */
const pageCoupons = 3;

/** The upkeep of one process; undefined in worlds without. */
export const upkeepOf = (from: Process, world: UpkeepWorld): Upkeep | undefined => {
  const { upkeepMs } = world.scenario;
  if (upkeepMs === undefined) return undefined;
  return couponUpkeep({
    intervalMs: upkeepMs,
    ports: (lease) => ({ gate: gateOf(from, world, lease), truth: truthOf(from, world, lease) }),
    pages: pagesOf(world),
    repaired: () => undefined,
  });
};

const pagesOf = ({ database }: UpkeepWorld): (() => Promise<readonly CouponId[]>) => {
  let at = 0;
  return async () => {
    const page = [...database.coupons.keys()].slice(at, at + pageCoupons);
    at = page.length < pageCoupons ? 0 : at + pageCoupons;
    return page;
  };
};

const truthOf = (from: Process, world: UpkeepWorld, lease?: Fence): CouponTruth => ({
  remaining: catalogOf(from, world, { aside: true }).remaining,
  stored: (couponId) =>
    fencedCall(
      from,
      world,
      leaseOf(lease),
    )({
      ...{ to: "database", kind: "read", about: [couponId] },
      what: () => `what is stored of ${couponId}`,
      effect: async (fence) => ({
        answer: await memoryCouponTruth(world.database, fence).stored(couponId),
        changed: [],
      }),
      inWords: (remaining) => `${remaining} left`,
    }),
});

const leaseOf = (lease: Fence | undefined): Fence => {
  if (lease === undefined) throw new Error("a repair without a lease");
  return lease;
};

const gateOf = (from: Process, world: UpkeepWorld, lease?: Fence): CouponGate => {
  const { gate, network } = world;
  const look = <T>(what: string, about: readonly string[], effect: () => Promise<T>): Promise<T> =>
    network.call({
      ...{ from, to: "redis", kind: "read" },
      // By a lease it is part of a repair.
      ...(lease === undefined && { aside: true }),
      ...{ what: () => what, about, effect },
    });
  const fake = memoryCouponGate(gate);
  return {
    counters: (couponIds) => look(`counters of ${couponIds.join(" ")}`, couponIds, () => fake.counters(couponIds)),
    repair: (repair) =>
      fencedCall(
        from,
        world,
        leaseOf(lease),
      )({
        to: "redis",
        // Nothing else may be in flight beside it.
        kind: "sole",
        what: () => `repair ${repair.couponId} from ${repair.seen} to ${repair.left}`,
        about: [repair.couponId],
        effect: async (fence) => {
          const answer = await memoryCouponGate(gate, fence).repair(repair);
          if (answer === undefined) return { answer, changed: [] };
          world.mending();
          witness(world, repair);
          return { answer, changed: [repair.couponId] };
        },
        inWords: (dropped) => (dropped === undefined ? "it changed meanwhile" : `${dropped} marks dropped`),
      }),
  };
};

/** As it takes effect, it says what the database says at that moment. */
const witness = ({ database, broke }: UpkeepWorld, { couponId, left }: Repair): void => {
  const remaining = database.remaining.get(couponId);
  if (left !== remaining)
    broke("a repair says what the database says", `${couponId} was set to ${left}, the database has ${remaining}`, [
      couponId,
    ]);
};
