/** The workers of a world of coupons. */
import { couponTopics } from "../../../schemas/coupon.ts";
import { couponIssuing } from "../../../topology/coupon-issuing.ts";
import { createPlace, type Place, type PlaceWorld } from "../environment/place.ts";
import { retries } from "./replays.ts";
import { leasesOf, storesOf } from "./stores.ts";
import { type UpkeepWorld, upkeepOf } from "./upkeep.ts";
import { runWorker, type WorkerWorld } from "../environment/worker.ts";

/** What they run in. */
export interface CouponWorld extends WorkerWorld, PlaceWorld, UpkeepWorld {
  readonly scenario: UpkeepWorld["scenario"];
  readonly groupId: string;
  /** Whether a process that starts now is of the release before the retry topic. */
  readonly isOlder: (place: number) => boolean;
}

/** A place for a worker, empty yet. */
export const workerPlace = (number: number, world: CouponWorld): Place =>
  createPlace(
    {
      name: `w${number}`,
      boot: async (process) => {
        const upkeep = upkeepOf(process, world);
        return runWorker(process, world, {
          topology: couponIssuing,
          topics: couponTopics,
          knows: world.isOlder(number) ? (topic) => topic !== retries.name : () => true,
          deps: storesOf(process, world),
          leases: leasesOf(process, world),
          groupId: world.groupId,
          ...(upkeep && { upkeep }),
        });
      },
    },
    world,
  );
