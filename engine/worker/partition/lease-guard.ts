/**
 * The lease of one assigned partition: taken before its first round, and taken again where it was raised by somebody else
 * although the group says that the partition is still ours, as when a former owner's take-over arrives late.
 */
import { dispositionOf, Fatal, Fenced, Unavailable } from "../../errors.ts";
import type { Fence, LeasedPartition, Leases } from "../../lease.ts";
import type { StepEnvironment } from "../../interpreter/interpret.ts";

/** What a lease works with. */
export interface LeaseOptions {
  readonly partition: LeasedPartition;
  /** Raises the epoch. */
  readonly take: () => Promise<Fence>;
  /** Resolves where the group confirms that the partition is ours. @throws CommitRefused @throws Unavailable */
  readonly prove: () => Promise<void>;
}

/** The lease of one assignment. */
export interface Lease {
  /** Its epoch is the one taken last: stores read it at each call. */
  readonly fence: Fence;
  /** Takes it, however long that takes. @throws Aborted @throws Fatal */
  readonly acquire: (attempt: StepEnvironment["attempt"]) => Promise<void>;
  /** The same attempts; where one is refused for its epoch, the lease is taken again before the next, if it is ours to take. */
  readonly guard: (attempt: StepEnvironment["attempt"]) => StepEnvironment["attempt"];
  /** Runs work once; where it is refused for its epoch, the lease is taken again for the next, and the refusal is passed on. */
  readonly once: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * Leases that fence nobody: for topologies whose effects are the same whoever causes them and however often, so that a
 * worker that lost a partition without knowing changes nothing. They need no database.
 */
export const unfenced: Leases = { take: async (partition) => ({ ...partition, epoch: 1 }) };

/** A lease that is not taken yet. */
export const createLease = ({ partition, take, prove }: LeaseOptions): Lease => {
  const fence = { ...partition, epoch: 0 };
  const raise = async (): Promise<void> => {
    fence.epoch = (await take()).epoch;
  };
  let renewing: Promise<unknown> | undefined;
  /** Resolves with what it could not ask for being away; undefined where it took the lease, or it is not ours to take. */
  const renew = (): Promise<unknown> => {
    renewing ??= prove()
      .then(raise)
      .then(
        () => undefined,
        // Either way what was refused holds, and asks again; but whoever is away is not another holder.
        (error: unknown) => (error instanceof Unavailable ? error : undefined),
      )
      .finally(() => {
        renewing = undefined;
      });
    return renewing;
  };
  const once = async <T>(work: () => Promise<T>): Promise<T> => {
    const { epoch } = fence;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Fenced) || epoch !== fence.epoch) throw error;
      throw (await renew()) ?? error;
    }
  };
  return {
    fence,
    once,
    acquire: async (attempt) => {
      await attempt({ name: "lease", items: [], run: () => raise().then(() => [], toHold) });
      if (fence.epoch === 0) throw new Fatal("LEASE", "an attempt that holds until it succeeds came to nothing");
    },
    guard: (attempt) => (call) => attempt({ ...call, run: (items) => once(() => call.run(items)) }),
  };
};

/** Whatever keeps it from its lease (a lock waited for too long, a deadlock): without it there is nothing to do but try on. */
const toHold = (error: unknown): never => {
  if (dispositionOf(error) === "fatal") throw error;
  throw new Unavailable("lease", error instanceof Error ? error.message : String(error), { cause: error });
};
