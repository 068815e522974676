/**
 * Watches what leases are for: whatever takes effect does so under the latest epoch there is, an owner's effects on a coupon
 * are over when the next one's begin, and no worker takes a lease back without asking the group.
 */
import type { Fence, LeasedPartition } from "../../../engine/lease.ts";
import type { ClaimName } from "./claims.ts";
import type { Process } from "../environment/process.ts";

/** Something that took effect under a lease. */
export interface FencedEffect {
  readonly from: Process;
  /** As it was sent. */
  readonly fence: Fence;
  readonly what: () => string;
  /** Coupons that it changed. */
  readonly coupons: readonly string[];
}

/** Sees everything that has to do with leases. */
export interface LeaseWatcher {
  /** A take-over is sent. `partition` is one object for one assignment of it. */
  readonly taking: (from: Process, partition: LeasedPartition) => void;
  /** It took effect. */
  readonly granted: (from: Process, fence: Fence) => void;
  /** Its sender heard of it. */
  readonly taken: (from: Process, partition: LeasedPartition) => void;
  /** A process heard that its epoch is behind. */
  readonly refused: (from: Process, partition: LeasedPartition) => void;
  /** A commit took effect. */
  readonly committed: (who: string, partition: number) => void;
  readonly databaseChanged: (effect: FencedEffect) => void;
  readonly gateChanged: (effect: FencedEffect) => void;
  /** The gate lost what it knew, epochs included. */
  readonly gateForgot: () => void;
}

/** A watcher of every lease of a world. */
export const watchLeases = (
  broke: (claim: ClaimName, what: string, about: readonly string[]) => void,
): LeaseWatcher => {
  /** Whose an epoch is, by partition and epoch; and the latest of each partition. */
  const owners = new Map<string, string>();
  const latest = new Map<number, number>();
  /** The highest epoch that a coupon has seen: at the gate, and anywhere. */
  const atGate = new Map<string, number>();
  const anywhere = new Map<string, Fence & { readonly owner: string }>();
  const say = ({ from, fence, what }: FencedEffect): string =>
    `${from.name} did ${what()} with epoch ${fence.epoch} of partition ${fence.partition}`;
  /** An owner that took its lease again may have calls of its earlier epoch on their way. */
  const checkOrder = (effect: FencedEffect): void => {
    for (const couponId of effect.coupons) {
      const { epoch = 0, owner = "" } = anywhere.get(couponId) ?? {};
      if (effect.fence.epoch >= epoch) anywhere.set(couponId, { ...effect.fence, owner: effect.from.name });
      else if (effect.from.name !== owner)
        broke("owners' effects on a coupon do not interleave", `${say(effect)} after ${owner}'s of ${epoch}`, [
          couponId,
        ]);
    }
  };
  const checkGate = (effect: FencedEffect): void => {
    for (const couponId of effect.coupons) {
      const highest = atGate.get(couponId) ?? 0;
      atGate.set(couponId, Math.max(highest, effect.fence.epoch));
      if (effect.fence.epoch < highest)
        broke("no effect at the gate of an epoch lower than the coupon has seen", `${say(effect)} after ${highest}`, [
          couponId,
        ]);
    }
  };
  const check = (effect: FencedEffect): void => {
    const { from, fence, coupons } = effect;
    if (owners.get(`${fence.partition}/${fence.epoch}`) !== from.name)
      broke("nothing takes effect under an epoch that was never granted", say(effect), coupons);
    checkOrder(effect);
  };
  return {
    ...watchRenewals(broke),
    granted: ({ name }, { partition, epoch }) => {
      owners.set(`${partition}/${epoch}`, name);
      latest.set(partition, epoch);
    },
    databaseChanged: (effect) => {
      const now = latest.get(effect.fence.partition) ?? 0;
      if (effect.fence.epoch !== now)
        broke("no transaction of a stale epoch takes effect", `${say(effect)}, the latest is ${now}`, effect.coupons);
      check(effect);
    },
    gateChanged: (effect) => {
      checkGate(effect);
      check(effect);
    },
    gateForgot: () => atGate.clear(),
  };
};

/** Only an accepted commit shows that a partition is one's own when its lease says otherwise. */
const watchRenewals = (
  broke: (claim: ClaimName, what: string, about: readonly string[]) => void,
): Pick<LeaseWatcher, "taking" | "taken" | "refused" | "committed"> => {
  const held = new WeakSet<LeasedPartition>();
  const proofs = new Map<string, "refused" | "proved">();
  const nameOf = (who: string, partition: number): string => `${who}/${partition}`;
  return {
    taking: ({ name }, at) => {
      if (held.has(at) && proofs.get(nameOf(name, at.partition)) !== "proved")
        broke("a lease is taken again only by whom the group knows", `${name} took ${at.partition} again unasked`, []);
    },
    taken: ({ name }, at) => {
      held.add(at);
      // A take-over that arrives late, after its worker was refused, was asked for before: it proves nothing.
      if (proofs.get(nameOf(name, at.partition)) === "proved") proofs.delete(nameOf(name, at.partition));
    },
    refused: ({ name }, { partition }) => {
      const at = nameOf(name, partition);
      proofs.set(at, proofs.get(at) ?? "refused");
    },
    committed: (who, partition) => {
      const at = nameOf(who, partition);
      if (proofs.has(at)) proofs.set(at, "proved");
    },
  };
};
