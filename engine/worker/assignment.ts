/** The partitions a worker has now, and their feeds: when the log assigns and revokes, it drains, commits and lets go. */
import type { Clock } from "../clock.ts";
import { type LogListener, type Position, type TopicPartition, partitionName } from "../log/log.ts";
import type { Logger } from "../logger.ts";
import { type Committing, createCommits, type Membership } from "./offsets/commits.ts";
import { maxRecordBytesOf, replayOf, type RetryFeed, sortPartitions, type Topics } from "./feeds.ts";
import { createFeed, type Feed, type FeedOptions } from "./partition/feed.ts";
import type { InFlight } from "./partition/in-flight.ts";
import type { Partition, PartitionStatus } from "./partition/partition.ts";
import type { Inherited } from "./partition/round-tracker.ts";
import { createMeasure } from "./offsets/measure.ts";
import type { Telemetry } from "./telemetry.ts";

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
    /** Source partitions of this assignment, this one included. */
    readonly partitions: number;
    /** What comes from the source itself. */
    readonly feed: Feed;
  },
) => Partition;

/** The partitions of one membership. */
export interface Assignment {
  readonly listener: LogListener;
  /** Gives it the membership to commit through; to be called once, right after subscribing. */
  readonly attach: (membership: Membership) => void;
  /** Commits what is finished and not committed yet. Never rejects: what fails is finished still, and is tried again. */
  readonly commit: () => Promise<void>;
  /** Asks the log where the feeds end, for the lag in `status`; at most every few seconds. Never rejects. */
  readonly measure: () => Promise<void>;
  /** True once partitions were assigned, even none. */
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

/** A source partition that is ours. */
interface Assigned {
  readonly at: TopicPartition;
  readonly partition: Partition;
  /** Its own feed, and the retry partition's where that one has started. */
  readonly feeds: OwnFeed[];
  paused: boolean;
}

interface OwnFeed extends Committing {
  /** The partitions that decide its records. */
  readonly into: readonly Assigned[];
  readonly deliver: (records: readonly InFlight[]) => void;
}

/** All that is ours, by `topic/partition`. */
interface Share {
  readonly sources: ReadonlyMap<string, Assigned>;
  readonly feeds: ReadonlyMap<string, OwnFeed>;
}

const noShare: Share = { sources: new Map(), feeds: new Map() };

/** What an assignment works with. */
export interface AssignmentOptions {
  readonly topics: Topics;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly telemetry: Pick<Telemetry, "assigned" | "commitRefused">;
  /** Called once, with what the worker cannot go on from. */
  readonly onFailed: (error: Error) => void;
}

/** An assignment of nothing yet. */
export const createAssignment = (
  makePartition: PartitionMaker,
  { topics, clock, logger, telemetry, onFailed }: AssignmentOptions,
): Assignment => {
  let share = noShare;
  let joined = false;
  const membership = Promise.withResolvers<Membership>();
  let subscription: Membership | undefined;
  const { now } = clock;
  const { commit, prove } = createCommits({
    feeds: () => share.feeds,
    membership: membership.promise,
    logger,
    refused: telemetry.commitRefused,
  });
  const measure = createMeasure({
    positions: async () => (await membership.promise).positions(),
    found: (positions) => tellLags(share.feeds, positions, now()),
    clock,
    logger,
  });
  const fail = (error: unknown): void => onFailed(error instanceof Error ? error : new Error(String(error)));
  const feedOptions = ({ topic }: TopicPartition) => ({ maxRecordBytes: maxRecordBytesOf(topic, topics), now });
  const take = (at: TopicPartition, partitions: number, inherited: Inherited): Assigned => {
    const feed = createFeed(at, feedOptions(at));
    const own: Assigned = {
      at,
      feeds: [],
      paused: false,
      partition: makePartition(at, {
        setPaused: (paused) => pauseOwn(own, paused, { share, subscription }),
        onFatal: fail,
        prove: () => prove(own.feeds),
        ...{ inherited, partitions, feed },
      }),
    };
    own.feeds.push({ feed, committed: undefined, into: [own], deliver: own.partition.intake });
    return own;
  };
  const takeAll = (partitions: readonly TopicPartition[]): Share => {
    const { sources, retries, idle } = sortPartitions(partitions, topics);
    const left = abandonAll(share);
    const own = new Map(
      sources.map((at) => [partitionName(at), take(at, sources.length, left.get(partitionName(at)) ?? new Map())]),
    );
    for (const retry of retries) takeRetry(retry, own, feedOptions(retry.at));
    leaveIdle(idle, logger, subscription);
    return { sources: own, feeds: feedsOf([...own.values()]) };
  };
  return {
    attach: (membershipOf) => {
      subscription = membershipOf;
      membership.resolve(membershipOf);
    },
    commit,
    measure,
    joined: () => joined,
    partitions: () => [...share.sources.values()].map(({ at, partition }) => ({ ...at, work: partition })),
    status: () => new Map([...share.sources].map(([name, { partition }]) => [name, partition.status()])),
    listener: {
      assigned: (partitions) => {
        share = takeAll(partitions);
        joined = true;
        telemetry.assigned();
      },
      records: (from, records, endOffset) => {
        try {
          // Of a retry partition that was not started nothing is entered, so nothing is committed.
          const own = share.feeds.get(partitionName(from));
          own?.deliver(own.feed.enter(records, endOffset));
        } catch (error) {
          fail(error);
        }
      },
      revoking: async () => {
        const leaving = share;
        await Promise.all([...leaving.sources.values()].map(({ partition }) => partition.drain()));
        await commit();
        if (share === leaving) share = noShare;
      },
      failed: fail,
    },
  };
};

const leaveIdle = (idle: readonly TopicPartition[], logger: Logger, subscription: Membership | undefined): void => {
  for (const at of idle) {
    logger.info({ event: "retry.idle", partition: partitionName(at) }, "not read: its source partition is not ours");
    subscription?.pause(at);
  }
};

const feedsOf = (assigned: readonly Assigned[]): Share["feeds"] =>
  new Map(assigned.flatMap(({ feeds }) => feeds).map((feed) => [partitionName(feed.feed.at), feed]));

/** Rounds of a partition that was given back end later: were its feeds paused for it then, nobody would ever resume them. */
const pauseOwn = (
  own: Assigned,
  paused: boolean,
  { share, subscription }: { readonly share: Share; readonly subscription: Membership | undefined },
): void => {
  if (share.sources.get(partitionName(own.at)) !== own) return;
  own.paused = paused;
  if (subscription !== undefined) pauseFeeds(own, subscription);
};

/** A feed is paused while any partition that it goes into is full: its records keep their order. */
const pauseFeeds = ({ feeds }: Assigned, { pause, resume }: Membership): void => {
  for (const { feed, into } of feeds) {
    if (into.some(({ paused }) => paused)) pause(feed.at);
    else resume(feed.at);
  }
};

/** Of partitions that were given back meanwhile nothing is kept. */
const tellLags = (feeds: Share["feeds"], positions: ReadonlyMap<string, Position>, nowMs: number): void => {
  for (const [name, position] of positions) feeds.get(name)?.feed.lag.measured(position, nowMs);
};

/** Gives up what there is; answers, by source partition, the records whose rounds have not ended. */
const abandonAll = ({ sources, feeds }: Share): ReadonlyMap<string, Inherited> =>
  new Map(
    [...sources].map(([name, { at, partition }]) => {
      const committable = (topic: string) => feeds.get(partitionName({ ...at, topic }))?.feed.ledger.committable();
      return [name, partition.abandon(committable)];
    }),
  );

/** Gives the partitions that a retry partition belongs to a second feed. */
const takeRetry = (
  retry: RetryFeed,
  own: ReadonlyMap<string, Assigned>,
  options: Pick<FeedOptions, "maxRecordBytes" | "now">,
): void => {
  const into = retry.into.flatMap((at) => own.get(partitionName(at)) ?? []);
  const feed: OwnFeed = {
    feed: createFeed(retry.at, { ...options, replayOf: (record) => replayOf(record, retry) }),
    committed: undefined,
    into,
    deliver: (records) => {
      for (const { at, partition } of into)
        partition.intake(records.filter(({ replay }) => replay?.source === at.topic));
    },
  };
  for (const { feeds } of into) feeds.push(feed);
};
