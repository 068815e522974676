/** The partitions a worker has now: told by the log what is assigned and revoked, it drains, commits and lets go. */
import { CommitRefused, type LogListener, type Subscription, type TopicPartition } from "../log/log.ts";
import { errorFields, type Logger } from "../logger.ts";
import type { Partition, PartitionStatus } from "./partition/partition.ts";
import type { Inherited } from "./partition/round-tracker.ts";

/** Makes the partition of an assignment. */
export type PartitionMaker = (
  at: TopicPartition,
  hooks: {
    readonly setPaused: (paused: boolean) => void;
    readonly onFatal: (error: unknown) => void;
    /** Resolves where the group confirms that the partition is still ours. @throws CommitRefused @throws Unavailable */
    readonly prove: () => Promise<void>;
    /** What the former assignment of this very partition had not ended. */
    readonly inherited: Inherited;
    /** Partitions of this assignment, this one included. */
    readonly partitions: number;
  },
) => Partition;

/** What an assignment needs of its subscription. */
export type Membership = Pick<Subscription, "commit" | "pause" | "resume">;

/** The partitions of one membership. */
export interface Assignment {
  readonly listener: LogListener;
  /** Gives it the membership to commit through; to be called once, right after subscribing. */
  readonly attach: (membership: Membership) => void;
  /** Commits what is finished and not committed yet. Never rejects: what fails is finished still, and is tried again. */
  readonly commit: () => Promise<void>;
  /** True once partitions were assigned, be it none. */
  readonly joined: () => boolean;
  /** By `topic/partition`. */
  readonly status: () => ReadonlyMap<string, PartitionStatus>;
  /** The partitions there are now. */
  readonly partitions: () => readonly OwnPartition[];
}

/** A partition and where it is. */
export interface OwnPartition extends TopicPartition {
  readonly work: Partition;
}

interface Assigned {
  readonly at: TopicPartition;
  readonly partition: Partition;
  /** The last offset committed by this assignment: commits never go back. */
  committed: bigint | undefined;
}

/** An assignment of nothing yet. `onFailed` is told once, of what cannot be gone on from. */
export const createAssignment = (
  makePartition: PartitionMaker,
  logger: Logger,
  onFailed: (error: Error) => void,
): Assignment => {
  let assigned: ReadonlyMap<string, Assigned> = new Map();
  let joined = false;
  const membership = Promise.withResolvers<Membership>();
  let subscription: Membership | undefined;
  const { commit, prove } = createCommits({ assigned: () => assigned, membership: membership.promise, logger });

  const fail = (error: unknown): void => onFailed(error instanceof Error ? error : new Error(String(error)));
  const take = (at: TopicPartition, partitions: number, inherited: Inherited): Assigned => {
    const own: Assigned = {
      at,
      partition: makePartition(at, {
        setPaused: (paused) => (paused ? subscription?.pause(at) : subscription?.resume(at)),
        onFatal: fail,
        prove: () => prove(own),
        inherited,
        partitions,
      }),
      committed: undefined,
    };
    return own;
  };
  return {
    attach: (membershipOf) => {
      subscription = membershipOf;
      membership.resolve(membershipOf);
    },
    commit,
    joined: () => joined,
    partitions: () => [...assigned.values()].map(({ at, partition }) => ({ ...at, work: partition })),
    status: () => new Map([...assigned].map(([name, { partition }]) => [name, partition.status()])),
    listener: {
      assigned: (partitions) => {
        const left = new Map([...assigned].map(([name, { partition }]) => [name, partition.abandon()]));
        assigned = new Map(
          partitions.map((at) => [nameOf(at), take(at, partitions.length, left.get(nameOf(at)) ?? new Map())]),
        );
        joined = true;
      },
      records: (from, records, endOffset) => {
        try {
          assigned.get(nameOf(from))?.partition.intake(records, endOffset);
        } catch (error) {
          fail(error);
        }
      },
      revoking: async () => {
        const leaving = assigned;
        await Promise.all([...leaving.values()].map(({ partition }) => partition.drain()));
        await commit();
        if (assigned === leaving) assigned = new Map();
      },
      failed: fail,
    },
  };
};

interface CommitOptions {
  readonly assigned: () => ReadonlyMap<string, Assigned>;
  readonly membership: Promise<Membership>;
  readonly logger: Logger;
}

/** Commits of what is assigned, one at a time: one that overtakes another would take the group back. */
const createCommits = ({ assigned, membership, logger }: CommitOptions) => {
  let committing = Promise.resolve();
  const commitNow = async (): Promise<void> => {
    const due = [...assigned().values()].flatMap((own) => {
      const offset = own.partition.committable();
      return offset === undefined || offset === own.committed ? [] : [{ own, ...own.at, offset }];
    });
    if (due.length === 0) return;
    try {
      await (await membership).commit(due.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
      for (const { own, offset } of due) own.committed = offset;
    } catch (error) {
      const level = error instanceof CommitRefused ? "info" : "warn";
      logger[level](
        { event: "commit.failed", ...errorFields(error) },
        "offsets were not committed; the records may come again",
      );
    }
  };
  return {
    commit: (): Promise<void> => {
      committing = committing.then(commitNow);
      return committing;
    },
    /** A commit of what could be committed anyway changes nothing, and only a member of this generation may make it. */
    prove: ({ at, partition }: Assigned): Promise<void> => {
      const proof = committing.then(async () => {
        const offset = partition.committable();
        // What is left of an earlier assignment must not speak for this one.
        if (assigned().get(nameOf(at))?.partition !== partition) throw new CommitRefused("it was assigned anew");
        // Without a record there is nothing to commit, so nothing to ask with; and no round that would need the lease.
        if (offset === undefined) throw new CommitRefused("nothing was read yet, so the group cannot be asked");
        await (await membership).commit([{ ...at, offset }]);
      });
      committing = proof.catch(() => undefined);
      return proof;
    },
  };
};

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
