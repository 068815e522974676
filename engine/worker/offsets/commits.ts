/** Commits of what is finished, feed by feed. */
import { CommitRefused, type Subscription, partitionName } from "../../log/log.ts";
import { errorFields, type Logger } from "../../logger.ts";
import type { Feed } from "../partition/feed.ts";

/** What an assignment needs of its subscription. */
export type Membership = Pick<Subscription, "commit" | "pause" | "resume" | "positions">;

/** A feed that is committed. */
export interface Committing {
  readonly feed: Feed;
  /** The last offset committed by this assignment: commits never go back. */
  committed: bigint | undefined;
}

/** What commits work with. */
export interface CommitOptions {
  /** The feeds that are ours now, by `topic/partition`. */
  readonly feeds: () => ReadonlyMap<string, Committing>;
  readonly membership: Promise<Membership>;
  readonly logger: Logger;
  /** Told of each commit that the group refused. */
  readonly refused: () => void;
}

/** Commits of what is assigned, one at a time: one that overtakes another would take the group back. */
export const createCommits = ({ feeds, membership, logger, refused }: CommitOptions) => {
  let committing = Promise.resolve();
  const commitNow = async (): Promise<void> => {
    const due = [...feeds().values()].flatMap((own) => {
      const offset = own.feed.ledger.committable();
      return offset === undefined || offset === own.committed ? [] : [{ own, ...own.feed.at, offset }];
    });
    if (due.length === 0) return;
    try {
      await (await membership).commit(due.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
      for (const { own, offset } of due) own.committed = offset;
    } catch (error) {
      if (error instanceof CommitRefused) refused();
      const level = error instanceof CommitRefused ? "info" : "warn";
      logger[level](
        { event: "commit.failed", ...errorFields(error) },
        "offsets were not committed; the records may come again",
      );
    }
  };
  return {
    /** Commits what is finished and not committed yet. Never rejects. */
    commit: (): Promise<void> => {
      committing = committing.then(commitNow);
      return committing;
    },
    /**
     * Proves that one of a partition's feeds is still ours. A commit of what could be committed anyway changes nothing, and
     * only a member of this generation may make it. @throws CommitRefused @throws Unavailable
     */
    prove: (own: readonly Committing[]): Promise<void> => {
      const proof = committing.then(async () => {
        // What is left of an earlier assignment must not speak for this one.
        if (own.some((one) => feeds().get(partitionName(one.feed.at)) !== one))
          throw new CommitRefused("it was assigned anew");
        // Without a record there is nothing to commit, so nothing to ask with; and no round that would need the lease.
        const read = own.find(({ feed }) => feed.ledger.committable() !== undefined)?.feed;
        const offset = read?.ledger.committable();
        if (read === undefined || offset === undefined)
          throw new CommitRefused("nothing was read yet, so the group cannot be asked");
        await (await membership).commit([{ ...read.at, offset }]);
      });
      committing = proof.catch(() => undefined);
      return proof;
    },
  };
};
