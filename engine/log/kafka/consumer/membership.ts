/**
 * What a subscription has of its group: the assignment, the epoch it belongs to, and what may be passed on to whom. It stands
 * between kafkajs's consumer, which it hooks, and the listener. Outlives the consumer: a rebuilt one goes on with it.
 */
import { Fatal } from "../../../errors.ts";
import type { Clock } from "../../../clock.ts";
import {
  CommitRefused,
  type LogListener,
  type LogRecord,
  OffsetOutOfRange,
  type Position,
  type TopicPartition,
  partitionName,
} from "../../log.ts";
import { commitFailure, failureOf, hasType, isCoordinatorLost } from "../failures.ts";
import type { Batch, ConsumerGroup } from "../internals.ts";
import type { KafkaSettings } from "../options.ts";
import type { GroupHooks } from "../patches/group-hooks.ts";
import { PauseTimes } from "./pause-times.ts";
import { joinAsInstance } from "./static-member.ts";

/** What a membership is for. */
export interface MembershipOptions {
  readonly groupId: string;
  readonly listener: LogListener;
  readonly settings: KafkaSettings;
  readonly clock: Clock;
}

/** Ends kafkajs's consumer instead of letting it join again. `retriable` is kafkajs's word for it. */
export class MembershipEnded extends Error {
  readonly retriable = false;
  constructor() {
    super("the membership has ended");
  }
}

/** One partition and the next offset to read. */
type Commit = TopicPartition & { readonly offset: bigint };

/** A membership. */
export class Membership implements GroupHooks {
  readonly #groupId: string;
  readonly #listener: LogListener;
  readonly #settings: KafkaSettings;
  readonly #clock: Clock;
  readonly #pauses: PauseTimes;
  /** The handle of the running consumer, once it has joined. */
  #group: ConsumerGroup | undefined;
  #assigned: ReadonlyMap<string, TopicPartition> | undefined;
  /** Partitions that something was delivered from since they were assigned. */
  readonly #touched = new Set<string>();
  /** Goes up whenever what was fetched before must not be delivered any more. */
  #epoch = 0;
  readonly #epochs = new WeakMap<Batch, number>();
  #delivering = false;
  #joining: Promise<void> | undefined;
  #waitsForGroup = false;
  #givingBack: Promise<void> | undefined;
  /** Of a consumer that crashed and could not leave: joining as the same member spares the group its session timeout. */
  #memberIdLeft: string | null = null;
  #ended = false;
  #joins = 0;
  #reads = 0;
  #seenAt = 0;

  constructor({ groupId, listener, settings, clock }: MembershipOptions) {
    this.#clock = clock;
    this.#groupId = groupId;
    this.#listener = listener;
    this.#settings = settings;
    this.#pauses = new PauseTimes(settings.fetchWaitMs);
  }

  /** ms since the consumer last fetched or joined; 0 while it waits for the group. */
  idleMs(): number {
    return this.#joining === undefined ? this.#clock.now() - this.#seenAt : 0;
  }

  /** kafkajs may ask for a second join while one is under way: both get the one. */
  readonly join: GroupHooks["join"] = (group, join) => {
    this.#joining ??= this.#rejoin(group, join).finally(() => {
      this.#joining = undefined;
      this.#seenAt = this.#clock.now();
    });
    return this.#joining;
  };

  /** Marks what comes with the epoch, so that a batch that was fetched for an older one is never delivered. */
  readonly fetch: GroupHooks["fetch"] = async (group, fetch) => {
    this.#seenAt = this.#clock.now();
    group.maxWaitTime = this.#pauses.fetchWaitMs(this.#seenAt);
    const epoch = this.#epoch;
    const batches = await fetch();
    // A broker that has nothing of ours answers at once, whatever the others say.
    if (batches.length > 0 || this.#hasNothingToRead()) this.#reads += 1;
    if (epoch !== this.#epoch) return [];
    for (const batch of batches) this.#epochs.set(batch, epoch);
    return batches;
  };

  /** A static member stays in the group: it comes back under its id, and its partitions wait for it. */
  readonly leave: GroupHooks["leave"] = (_, leave) =>
    this.#settings.groupInstanceId === undefined ? leave() : Promise.resolve();

  /** A group that has committed and read nothing starts where the log does now; any other would skip records. */
  readonly offsetOutOfRange: GroupHooks["offsetOutOfRange"] = async (group, at) => {
    const { offsetManager } = group;
    if (offsetManager === null || this.#ended) return;
    if (!this.#touched.has(partitionName(at)) && (await committedOffset(group, at)) < 0n) {
      return offsetManager.clearOffsets(at);
    }
    const offset = BigInt(offsetManager.nextOffset(at.topic, at.partition).toString());
    this.fail(new OffsetOutOfRange({ ...at, groupId: this.#groupId, offset, ...(await logRange(group, at)) }));
  };

  /** Hands a batch to the listener, unless it is of an older epoch, not ours, or paused; then it is fetched again. */
  deliver(batch: Batch): void {
    const { topic, partition } = batch;
    const name = partitionName(batch);
    if (!this.#delivering || this.#epochs.get(batch) !== this.#epoch) return;
    if (!this.#assigned?.has(name) || this.#pauses.isPaused(name)) return;
    this.#touched.add(name);
    this.#group?.resolveOffset({ topic, partition, offset: batch.lastOffset() });
    // Erasure: records come from our own decoder (patches/decode-messages.ts), whose FetchedRecord is a LogRecord.
    const records = batch.messages as unknown as readonly LogRecord[];
    try {
      this.#listener.records({ topic, partition }, records, BigInt(batch.highWatermark));
    } catch (error) {
      // Must not reach kafkajs: it takes some errors for the end of the consumer, others for a reason to read again.
      this.fail(
        new Fatal("LISTENER_THREW", `the listener of ${this.#groupId} threw: ${String(error)}`, { cause: error }),
      );
    }
  }

  /**
   * @throws CommitRefused when the partitions are not, or no longer, this member's.
   * @throws Unavailable
   */
  async commit(offsets: readonly Commit[]): Promise<void> {
    const { group, manager } = this.#committing(offsets);
    const topics = byTopic(offsets);
    try {
      await manager.commitOffsets({ topics });
    } catch (error) {
      if (!isCoordinatorLost(error)) throw commitFailure(error, this.#groupId);
      try {
        // The coordinator may have moved: the membership is as good at the new one.
        await this.#findCoordinator(group);
        if (this.#committing(offsets).manager !== manager) throw new CommitRefused("the group has rebalanced");
        await manager.commitOffsets({ topics });
      } catch (again) {
        throw commitFailure(again, this.#groupId);
      }
    }
  }

  /** By one request to each broker that leads some of them; none while there is no membership. @throws Unavailable */
  async positions(): Promise<ReadonlyMap<string, Position>> {
    const group = this.#group;
    const own = [...(this.#assigned?.values() ?? [])];
    if (group === undefined || own.length === 0) return new Map();
    try {
      return await positionsOf(group, own);
    } catch (error) {
      throw failureOf(error, `positions of ${this.#groupId}`);
    }
  }

  pause(at: TopicPartition): void {
    if (!this.#assigned?.has(partitionName(at)) || !this.#pauses.pause(partitionName(at), this.#clock.now())) return;
    this.#group?.pause([{ topic: at.topic, partitions: [at.partition] }]);
  }

  resume(at: TopicPartition): void {
    if (!this.#pauses.resume(partitionName(at)) || !this.#delivering) return;
    this.#group?.resume([{ topic: at.topic, partitions: [at.partition] }]);
  }

  /** Keeps the membership while nothing is fetched: kafkajs has no timer of its own. Never rejects. */
  async heartbeat(): Promise<void> {
    const group = this.#group;
    if (group === undefined || this.#waitsForGroup) return;
    try {
      await group.heartbeat({ interval: this.#settings.heartbeatMs });
    } catch (error) {
      // A rebalance is noticed by kafkajs's own next heartbeat, which follows every fetch.
      this.#settings.logger.debug(
        { event: "consumer.heartbeatFailed", groupId: this.#groupId, error: String(error) },
        "a heartbeat failed",
      );
      // kafkajs learns it too, but not while everything is paused.
      if (hasType(error, "FENCED_INSTANCE_ID")) this.fail(failureOf(error, `the membership in ${this.#groupId} ended`));
      else if (isCoordinatorLost(error)) await this.#findCoordinator(group).catch(() => {});
    }
  }

  /** Has the listener drain, within the budget; nothing is delivered from here on. Once for each assignment. */
  giveBack(): Promise<void> {
    if (this.#assigned === undefined) return Promise.resolve();
    this.#givingBack ??= this.#drain().finally(() => {
      this.#givingBack = undefined;
    });
    return this.#givingBack;
  }

  /** The consumer is gone, and the membership with it. */
  lose(): void {
    if (this.#group !== undefined) this.#memberIdLeft = this.#group.memberId;
    this.#quiet();
    this.#group = undefined;
  }

  /** Ends the subscription for good, once. Partitions stay assigned, so that what is done can still be committed. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.end();
    this.#listener.failed(error);
  }

  /** No more deliveries and no more joins. */
  end(): void {
    this.#ended = true;
    this.#quiet();
  }

  /** How often something of ours was read, empty or not, or there was nothing to be read: a member may join, and not read. */
  get reads(): number {
    return this.#reads;
  }

  /** How often partitions were assigned. */
  get joins(): number {
    return this.#joins;
  }

  /** Resolves when no join is under way. Never rejects. */
  async joined(): Promise<void> {
    await this.#joining?.catch(() => {});
  }

  get ended(): boolean {
    return this.#ended;
  }

  #hasNothingToRead(): boolean {
    return [...(this.#assigned?.keys() ?? [])].every((name) => this.#pauses.isPaused(name));
  }

  async #rejoin(group: ConsumerGroup, join: () => Promise<void>): Promise<void> {
    await this.giveBack();
    if (this.#ended) throw new MembershipEnded();
    const { groupInstanceId } = this.#settings;
    if (groupInstanceId !== undefined) joinAsInstance(group, groupInstanceId);
    group.memberId ??= this.#memberIdLeft;
    this.#waitsForGroup = true;
    try {
      await join();
    } finally {
      // A join may fail after the group has taken the member in: then it waits for that member, not for a new one.
      this.#memberIdLeft = group.memberId;
      this.#waitsForGroup = false;
    }
    if (this.#ended) {
      await group.leave().catch(() => {});
      throw new MembershipEnded();
    }
    this.#take(group);
  }

  #take(group: ConsumerGroup): void {
    const partitions = group
      .assigned()
      .flatMap(({ topic, partitions: own }) => own.map((partition) => ({ topic, partition })));
    this.#epoch += 1;
    this.#joins += 1;
    this.#memberIdLeft = null;
    this.#group = group;
    this.#assigned = new Map(partitions.map((at) => [partitionName(at), at]));
    this.#touched.clear();
    this.#pauses.clear();
    group.resume(group.paused());
    this.#delivering = true;
    this.#listener.assigned(partitions);
  }

  async #drain(): Promise<void> {
    this.#quiet();
    const { drainBudgetMs, logger } = this.#settings;
    const drained = new AbortController();
    const revoked = this.#listener
      .revoking()
      .catch((error: unknown) =>
        logger.error(
          { event: "consumer.revokeFailed", groupId: this.#groupId, error: String(error) },
          "revoking failed",
        ),
      )
      .finally(() => drained.abort());
    await Promise.race([revoked, this.#clock.sleep(drainBudgetMs, drained.signal)]);
    if (!drained.signal.aborted) {
      logger.warn(
        { event: "consumer.drainTimedOut", groupId: this.#groupId, drainBudgetMs },
        "the drain ran out of time; the partitions are given back",
      );
    }
    this.#assigned = undefined;
  }

  /** Nothing fetched so far is delivered, and nothing more is fetched; heartbeats and commits go on. */
  #quiet(): void {
    this.#delivering = false;
    this.#epoch += 1;
    this.#group?.pause(this.#group.assigned());
  }

  #committing(offsets: readonly Commit[]) {
    const group = this.#group;
    const manager = group?.offsetManager;
    if (group === undefined || manager === null || manager === undefined || this.#assigned === undefined) {
      throw new CommitRefused(`there is no membership in ${this.#groupId} now`);
    }
    for (const at of offsets) {
      if (!this.#assigned.has(partitionName(at)))
        throw new CommitRefused(`${partitionName(at)} is not assigned to this member`);
    }
    return { group, manager };
  }

  async #findCoordinator(group: ConsumerGroup): Promise<void> {
    const coordinator = await group.cluster.findGroupCoordinator({ groupId: this.#groupId });
    group.coordinator = coordinator;
    if (group.offsetManager !== null) group.offsetManager.coordinator = coordinator;
  }
}

const byTopic = (offsets: readonly Commit[]) =>
  [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
    topic,
    partitions: ofTopic.map(({ partition, offset }) => ({ partition, offset: offset.toString() })),
  }));

/** kafkajs asks for the end of what can be read (read_committed), as its cluster was made to. */
const positionsOf = async (
  group: ConsumerGroup,
  own: readonly TopicPartition[],
): Promise<ReadonlyMap<string, Position>> => {
  const asked = [...Map.groupBy(own, ({ topic }) => topic)].map(([topic, partitions]) => ({
    topic,
    partitions: partitions.map(({ partition }) => ({ partition })),
    fromBeginning: false,
  }));
  const found = await group.cluster.fetchTopicsOffset(asked);
  const ends = found.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset }) => ({ topic, partition, end: BigInt(offset) })),
  );
  return new Map(
    ends.flatMap(({ end, ...at }) => {
      const next = nextOffsetOf(group, at);
      return next === undefined ? [] : [[partitionName(at), { next, end }] as const];
    }),
  );
};

/** Undefined until kafkajs has read where the group is, which it does before its first fetch: it stumbles over it till then. */
const nextOffsetOf = ({ offsetManager }: ConsumerGroup, { topic, partition }: TopicPartition): bigint | undefined => {
  if (offsetManager?.committedOffsets()[topic] === undefined) return undefined;
  return BigInt(offsetManager.nextOffset(topic, partition).toString());
};

/** -1 where the group has committed nothing. */
const committedOffset = async ({ coordinator, groupId }: ConsumerGroup, at: TopicPartition): Promise<bigint> => {
  const partitions = [{ partition: at.partition }];
  const found = await coordinator?.offsetFetch({ groupId, topics: [{ topic: at.topic, partitions }] });
  return BigInt(found?.responses[0]?.partitions[0]?.offset ?? -1);
};

const logRange = async (
  { cluster }: ConsumerGroup,
  { topic, partition }: TopicPartition,
): Promise<{ readonly earliest: bigint; readonly end: bigint }> => {
  const offsetAt = async (fromBeginning: boolean): Promise<bigint> => {
    const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }]);
    return BigInt(found?.partitions[0]?.offset ?? -1);
  };
  return { earliest: await offsetAt(true), end: await offsetAt(false) };
};
