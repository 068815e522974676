/** What a simulated worker looks after besides rounds: the real upkeep, on the gate and the database behind the network. */
import { couponUpkeep } from "../../ops/coupon-upkeep.ts";
import { Fenced } from "../../processors/errors.ts";
import type { Fence } from "../../processors/lease.ts";
import type { GateRepair } from "../../processors/reconcile-coupons.ts";
import type { Upkeep } from "../../runtime/upkeep.ts";
import type { CouponId, UserId } from "../../schemas/coupon.ts";
import type { MemoryCounter } from "../../topology/fakes/memory-coupon-stock.ts";
import { memoryVerdictLookup } from "../../topology/fakes/memory-database.ts";
import type { ClaimName } from "./claims.ts";
import type { Process } from "./process.ts";
import type { Scenario } from "./scenario.ts";
import { catalogOf, fencedCall, listed, type StoreWorld } from "./stores.ts";

/** What upkeep works with. */
export interface UpkeepWorld extends StoreWorld {
  readonly scenario: Scenario;
  /** Told of every step of a repair. */
  readonly mending: () => void;
  readonly broke: (claim: ClaimName, what: string, coupons: readonly string[]) => void;
}

/** Few, so that some coupons have many pages, and some worlds have many pages of coupons. */
const [pageMarks, pageCoupons] = [5, 3];

/** The upkeep of one process; undefined in worlds without. */
export const upkeepOf = (from: Process, world: UpkeepWorld): Upkeep | undefined => {
  const { upkeepMs } = world.scenario;
  if (upkeepMs === undefined) return undefined;
  return couponUpkeep({
    intervalMs: upkeepMs,
    catalog: catalogOf(from, world, { aside: true }),
    verdicts: {
      find: (ids) =>
        world.network.call({
          from,
          to: "database",
          kind: "read",
          what: () => `look up ${ids.length} verdicts`,
          coupons: [],
          effect: () => memoryVerdictLookup(world.database).find(ids),
        }),
    },
    gate: (fence) => gateOf(from, world, fence),
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

const gateOf = (from: Process, world: UpkeepWorld, lease?: Fence): GateRepair => {
  const { gate, network } = world;
  const look = <T>(what: string, coupons: readonly string[], effect: () => T): Promise<T> =>
    network.call({
      ...{ from, to: "redis", kind: "read" },
      // By a lease it is part of a repair.
      ...(lease === undefined && { aside: true }),
      ...{ what: () => what, coupons, effect: async () => effect() },
    });
  return {
    left: (couponIds) =>
      look(`left of ${couponIds.join(" ")}`, couponIds, () => {
        const counters = couponIds.flatMap((couponId) => {
          const counter = gate.counters.get(couponId);
          return counter === undefined ? [] : [[couponId, counter.left] as const];
        });
        return new Map(counters);
      }),
    marks: (couponId, cursor) =>
      look(`marks of ${couponId}`, [couponId], () => {
        world.mending();
        const users = [...(gate.counters.get(couponId)?.marks ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1));
        const page = users.filter(([userId]) => cursor === undefined || userId > cursor).slice(0, pageMarks);
        const marks = page.map(([userId, reservationId]) => ({ couponId, userId, reservationId }));
        return { marks, next: page.length < pageMarks ? undefined : page.at(-1)?.[0] };
      }),
    repair: async (couponId, to) => {
      if (lease === undefined) throw new Error("a repair without a lease");
      await fencedCall(
        from,
        world,
        lease,
      )({
        to: "redis",
        // Nothing else may be under way beside it.
        kind: "take",
        what: () => `repair ${couponId}=${to.left}, without ${listed(to.drop) || "any mark"}`,
        coupons: [couponId],
        effect: async (fence) => {
          const counter = gate.counters.get(couponId);
          if (counter === undefined) return { answer: undefined, changed: [] };
          if (counter.epoch > fence.epoch) throw new Fenced(fence, counter.epoch);
          world.mending();
          witness(world, couponId, to);
          repair(counter, to);
          counter.epoch = fence.epoch;
          return { answer: undefined, changed: [couponId] };
        },
      });
    },
  };
};

type Repair = Parameters<GateRepair["repair"]>[1];

const repair = (counter: MemoryCounter, { left, drop }: Repair): void => {
  counter.left = left;
  for (const { userId, reservationId } of drop)
    if (counter.marks.get(userId as UserId) === reservationId) counter.marks.delete(userId);
};

/** As it takes effect, it says what the database says at that moment. */
const witness = ({ database, broke }: UpkeepWorld, couponId: CouponId, { left, drop }: Repair): void => {
  const remaining = database.remaining.get(couponId);
  if (left !== remaining)
    broke("a repair says what the database says", `${couponId} was set to ${left}, the database has ${remaining}`, [
      couponId,
    ]);
  const issued = drop.filter(({ reservationId, userId }) => {
    const verdict = database.verdicts.get(reservationId);
    return verdict?.kind === "issued" && verdict.couponId === couponId && verdict.userId === userId;
  });
  if (issued.length > 0)
    broke("a repair drops no mark that an issued coupon stands for", `it dropped ${listed(issued)}`, [couponId]);
};
