/**
 * The lease of one assigned partition: taken before its first round, and taken again where another worker raised its epoch
 * although the group confirms that the partition is still ours, as when a former owner's request arrives late.
 */
import { dispositionOf, Fenced, isHeld, Unavailable } from "../../errors.ts";
import { type Fence, highestEpoch, type LeasedPartition, type Leases } from "../../lease.ts";
import type { AttemptOnce } from "../failures/attempts.ts";

/** What a lease works with. */
export interface LeaseOptions {
  readonly partition: LeasedPartition;
  /** Raises the epoch, to more than `above`. */
  readonly take: (above: number) => Promise<Fence>;
  /** Resolves where the group confirms that the partition is ours. @throws CommitRefused @throws Unavailable */
  readonly prove: () => Promise<void>;
  /** Called where a store refuses this epoch, before the group is asked. */
  readonly lost?: (epoch: number) => void;
}

/** The lease of one assignment. */
export interface Lease {
  /** Its epoch is the one taken last: stores read it at each call. */
  readonly fence: Fence;
  /** Takes the lease; holds while it cannot be taken. @throws Aborted @throws Fatal */
  readonly acquire: (attempt: AttemptOnce) => Promise<void>;
  /**
   * Runs work once. Where a store refuses it for its epoch, the lease is taken again for the next attempt, if the group
   * confirms that the partition is ours; the refusal is passed on. @throws Fenced @throws Unavailable @throws Error what work throws
   */
  readonly renewing: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * Leases that fence no worker, for topologies whose effects are idempotent and the same from every worker: a worker that lost
 * a partition without knowing it changes nothing. They need no database.
 */
export const unfenced: Leases = { take: async (partition) => ({ ...partition, epoch: 1 }) };

/** A lease that is not taken yet. */
export const createLease = ({ partition, take, prove, lost }: LeaseOptions): Lease => {
  const fence = { ...partition, epoch: 0 };
  const raise = async (above = 0): Promise<void> => {
    fence.epoch = (await take(above)).epoch;
  };
  let renewing: Promise<unknown> | undefined;
  /** Resolves with the error where the group or the database is away or refuses us; undefined where it took the lease, or may not. */
  const renew = ({ found = 0 }: Fenced): Promise<unknown> => {
    renewing ??= prove()
      .then(() => raise(found <= highestEpoch ? found : 0))
      .then(
        () => undefined,
        // In both cases the refused call holds and asks again; but a dependency that is away is not reported as another owner.
        (error: unknown) => (isHeld(error) && !(error instanceof Fenced) ? error : undefined),
      )
      .finally(() => {
        renewing = undefined;
      });
    return renewing;
  };
  return {
    fence,
    acquire: (attempt) => attempt("lease", () => raise().catch(toHold)),
    renewing: async (work) => {
      const { epoch } = fence;
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Fenced) || epoch !== fence.epoch) throw error;
        if (renewing === undefined) lost?.(epoch);
        throw (await renew(error)) ?? error;
      }
    },
  };
};

/**
 * Without the lease there is nothing else to do: whatever prevents it (a lock wait timeout, a deadlock) holds. What is away or
 * refuses us is named as itself.
 */
const toHold = (error: unknown): never => {
  if (dispositionOf(error) === "fatal" || isHeld(error)) throw error;
  throw new Unavailable("lease", error instanceof Error ? error.message : String(error), { cause: error });
};
