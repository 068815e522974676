/** What is asked of a cluster from outside of any worker: topics, offsets, groups, and whole topics to read. */
import { Fatal, Unavailable } from "../../../errors.ts";
import { systemClock } from "../../../clock.ts";
import type { TopicPartition } from "../../log.ts";
import { silentLogger } from "../../../logger.ts";
import { withAdmin, withCluster } from "../client.ts";
import { failureOf, hasType } from "../failures.ts";
import { type KafkaOptions, type KafkaSettings, settingsOf } from "../options.ts";
import { clusterReleaseOf } from "./cluster-release.ts";
import { type ClusterOverview, type OverviewLimits, readOverview } from "./overview.ts";
import { decodeMemberTopics } from "./member-topics.ts";
import { withCallersErrors } from "./callers-errors.ts";
import { byPartition, readCommitted, readOffsets } from "./offsets.ts";
import { type OnRecords, type ReadRange, readRanges, readTopic, type RecordRange } from "./read-topic.ts";
import {
  addPartitions,
  alterTopicSettings,
  clusterIdOf,
  countRecordsBefore,
  describeTopics,
  offsetsAt,
  type SettingChanges,
  type TopicDescription,
} from "./topic-settings.ts";

/** A topic as it should be. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** Default: the brokers' own. */
  readonly replicationFactor?: number;
  /** Set when the topic is made; an existing topic's is not changed. */
  readonly config?: Readonly<Record<string, string>>;
}

/** A group as the coordinator sees it. */
export interface GroupDescription {
  /** `Stable`, `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Dead`. */
  readonly state: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly host: string;
    /** What it subscribed to; empty while the group rebalances. */
    readonly topics: readonly string[];
  }[];
}

/** Administration of a cluster. Every call connects for itself and throws Unavailable when no broker answers. */
export interface KafkaAdmin {
  /**
   * Makes the topics that are missing and waits until each partition has a leader. Idempotent.
   * @throws Fatal (TOPIC_PARTITIONS) when a topic exists with another number of partitions.
   */
  readonly ensureTopics: (topics: readonly TopicSpec[]) => Promise<void>;
  /** By topic; topics that do not exist are left out. */
  readonly partitionCounts: (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  /** Partitions and settings, by topic; topics that do not exist are left out. */
  readonly describeTopics: (topics: readonly string[]) => Promise<ReadonlyMap<string, TopicDescription>>;
  /** Changes settings of a topic; what is not named stays. Idempotent. @throws Fatal (SETTING_REFUSED, TOPIC_MISSING) */
  readonly alterSettings: (topic: string, changes: SettingChanges) => Promise<void>;
  /** Makes a topic have this many partitions; keys move, so never for one whose records are read by key. Idempotent. */
  readonly addPartitions: (topic: string, count: number) => Promise<void>;
  /** Records that are older than `beforeMs`, epoch ms. @throws Fatal (TOPIC_MISSING) */
  readonly countRecordsBefore: (topic: string, beforeMs: number) => Promise<bigint>;
  /** Brokers, partitions, offsets and groups, as far as they answer; see overview.ts. */
  readonly overview: (limits: OverviewLimits) => Promise<ClusterOverview>;
  /** The cluster's own id. */
  readonly clusterId: () => Promise<string>;
  /** The release by which the brokers work together, such as `4.1`; undefined where they have agreed on none. */
  readonly release: () => Promise<string | undefined>;
  /** The offset after the last record, by partition. @throws Fatal (TOPIC_MISSING) */
  readonly endOffsets: (topic: string) => Promise<readonly bigint[]>;
  /** The first offset there is, by partition. @throws Fatal (TOPIC_MISSING) */
  readonly startOffsets: (topic: string) => Promise<readonly bigint[]>;
  /**
   * The first offset whose record is of `atMs`, epoch ms, or later, by partition; its end where there is none.
   * @throws Fatal (TOPIC_MISSING)
   */
  readonly offsetsAt: (topic: string, atMs: number) => Promise<readonly bigint[]>;
  /** The next offset a group reads, by partition; undefined where it has committed nothing. @throws Fatal (TOPIC_MISSING) */
  readonly committedOffsets: (groupId: string, topic: string) => Promise<readonly (bigint | undefined)[]>;
  readonly describeGroup: (groupId: string) => Promise<GroupDescription>;
  /**
   * Takes every member out of a group, so that no join waits for the sessions of dead ones; for tests. One that lives
   * after all joins again.
   */
  readonly removeMembers: (groupId: string) => Promise<void>;
  /** Reads a topic from its first record, or a part of it, to where it ended when the call began, without a group. */
  readonly readTopic: (topic: string, onRecords: OnRecords, range?: ReadRange) => Promise<void>;
  /**
   * Reads some records, range by range, without a group. Those that are not there are passed over.
   * @throws Fatal (TOPIC_MISSING)
   */
  readonly readRanges: (topic: string, ranges: readonly RecordRange[], onRecords: OnRecords) => Promise<void>;
  /** Deletes topics that exist; for tests. */
  readonly deleteTopics: (topics: readonly string[]) => Promise<void>;
  /** Deletes the records before an offset, as retention does; for tests. */
  readonly deleteRecords: (before: TopicPartition & { readonly offset: bigint }) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** How long a new topic may take to have its leaders. */
const leadersWithinMs = 30_000;

/** An admin of a cluster. @throws Fatal (KAFKA_OPTIONS, KAFKAJS_CHANGED) */
export const kafkaAdmin = async (
  options: Omit<KafkaOptions, "logger"> & Partial<Pick<KafkaOptions, "logger">>,
): Promise<KafkaAdmin> => {
  const settings = settingsOf({ logger: silentLogger, ...options });
  const offsets = (topic: string, which: "high" | "low"): Promise<readonly bigint[]> =>
    asked(`offsets of ${topic}`, () => withAdmin(settings, (admin) => readOffsets(admin, topic, which)));
  return {
    ensureTopics: (topics) => asked("making topics", () => ensureTopics(settings, topics)),
    partitionCounts: (topics) => asked("partition counts", () => partitionCounts(settings, topics)),
    describeTopics: (topics) => asked("settings of topics", () => describeTopics(settings, topics)),
    alterSettings: (topic, changes) =>
      asked(`settings of ${topic}`, () => alterTopicSettings(settings, topic, changes)),
    addPartitions: (topic, count) => asked(`partitions of ${topic}`, () => addPartitions(settings, topic, count)),
    countRecordsBefore: (topic, beforeMs) =>
      asked(`offsets of ${topic}`, () => countRecordsBefore(settings, topic, beforeMs)),
    overview: (limits) => asked("an overview", () => withCluster(settings, (cluster) => readOverview(cluster, limits))),
    clusterId: () => asked("the cluster's id", () => clusterIdOf(settings)),
    release: () => asked("the cluster's release", () => clusterReleaseOf(settings)),
    endOffsets: (topic) => offsets(topic, "high"),
    startOffsets: (topic) => offsets(topic, "low"),
    offsetsAt: async (topic, atMs) =>
      byPartition(await asked(`offsets of ${topic}`, () => offsetsAt(settings, topic, atMs))),
    committedOffsets: (groupId, topic) =>
      asked(`offsets of group ${groupId}`, () => withAdmin(settings, (admin) => readCommitted(admin, groupId, topic))),
    describeGroup: (groupId) => asked(`group ${groupId}`, () => describeGroup(settings, groupId)),
    removeMembers: (groupId) => asked(`members of ${groupId}`, () => removeMembers(settings, groupId)),
    readTopic: (topic, onRecords, range) =>
      withCallersErrors(onRecords, (seen) =>
        asked(`reading ${topic}`, () =>
          withCluster(settings, (cluster) => readTopic(cluster, { topic, settings, ...range }, seen)),
        ),
      ),
    readRanges: (topic, ranges, onRecords) =>
      withCallersErrors(onRecords, (seen) =>
        asked(`reading ${topic}`, () =>
          withCluster(settings, (cluster) => readRanges(cluster, { topic, settings, ranges }, seen)),
        ),
      ),
    deleteTopics: (topics) => asked("deleting topics", () => deleteTopics(settings, topics)),
    deleteRecords: (before) => asked(`deleting records of ${before.topic}`, () => deleteRecords(settings, before)),
    close: async () => {},
  };
};

const asked = async <T>(what: string, ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    if (hasType(error, "UNKNOWN_TOPIC_OR_PARTITION")) {
      throw new Fatal("TOPIC_MISSING", `${what}: the topic does not exist; run: sluice topology apply`, {
        cause: error,
      });
    }
    throw failureOf(error, what);
  }
};

const ensureTopics = (settings: KafkaSettings, topics: readonly TopicSpec[]): Promise<void> =>
  withAdmin(settings, async (admin) => {
    const existing = new Set(await admin.listTopics());
    for (const topic of topics.filter(({ name }) => !existing.has(name))) {
      // kafkajs's own wait for leaders fails where one broker does not know the new topic yet (KRaft).
      await admin.createTopics({ waitForLeaders: false, topics: [creationOf(topic)] });
    }
    await waitForLeaders(settings, topics);
  });

const creationOf = ({ name, partitions, replicationFactor = -1, config = {} }: TopicSpec) => ({
  topic: name,
  numPartitions: partitions,
  replicationFactor,
  configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
});

const waitForLeaders = async (settings: KafkaSettings, topics: readonly TopicSpec[]): Promise<void> => {
  const deadline = systemClock.now() + leadersWithinMs;
  for (;;) {
    const counts = await partitionCounts(
      settings,
      topics.map(({ name }) => name),
    );
    const waiting = topics.filter(({ name }) => !counts.has(name));
    for (const { name, partitions } of topics) {
      const got = counts.get(name) ?? partitions;
      if (got !== partitions) throw otherPartitions(name, partitions, got);
    }
    if (waiting.length === 0) return;
    if (systemClock.now() > deadline) {
      const names = waiting.map(({ name }) => name).join(", ");
      throw new Unavailable("kafka", `no leader after ${leadersWithinMs} ms for partitions of ${names}`);
    }
    await systemClock.sleep(50);
  }
};

const otherPartitions = (topic: string, declared: number, got: number): Fatal =>
  new Fatal(
    "TOPIC_PARTITIONS",
    `topic ${topic} has ${got} partitions, declared are ${declared}. Partitions cannot be taken away, and adding them ` +
      "moves keys to others: drain the topic and make it anew, or declare what there is.",
  );

/** A topic counts as there once every partition has a leader. */
const partitionCounts = (settings: KafkaSettings, topics: readonly string[]): Promise<ReadonlyMap<string, number>> =>
  withAdmin(settings, async (admin) => {
    const counts = new Map<string, number>();
    for (const topic of topics) {
      try {
        const { topics: found } = await admin.fetchTopicMetadata({ topics: [topic] });
        const partitions = found[0]?.partitions ?? [];
        if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0))
          counts.set(topic, partitions.length);
      } catch (error) {
        if (!hasType(error, "UNKNOWN_TOPIC_OR_PARTITION") && !hasType(error, "LEADER_NOT_AVAILABLE")) throw error;
      }
    }
    return counts;
  });

const describeGroup = (settings: KafkaSettings, groupId: string): Promise<GroupDescription> =>
  withAdmin(settings, async (admin) => {
    const { groups } = await admin.describeGroups([groupId]);
    const { state = "Dead", members = [] } = groups[0] ?? {};
    return {
      state,
      members: members.map(({ memberId, clientId, clientHost: host, memberMetadata }) => {
        return { memberId, clientId, host, topics: decodeMemberTopics(memberMetadata) };
      }),
    };
  });

const removeMembers = async (settings: KafkaSettings, groupId: string): Promise<void> => {
  const { members } = await describeGroup(settings, groupId);
  if (members.length === 0) return;
  await withCluster(settings, async (cluster) => {
    const coordinator = await cluster.findGroupCoordinator({ groupId });
    for (const { memberId } of members) {
      await coordinator.leaveGroup({ groupId, memberId }).catch((error: unknown) => {
        if (!hasType(error, "UNKNOWN_MEMBER_ID")) throw error;
      });
    }
  });
};

const deleteTopics = (settings: KafkaSettings, topics: readonly string[]): Promise<void> =>
  withAdmin(settings, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const doomed = topics.filter((topic) => existing.has(topic));
    if (doomed.length > 0) await admin.deleteTopics({ topics: doomed });
  });

const deleteRecords = (
  settings: KafkaSettings,
  { topic, partition, offset }: TopicPartition & { readonly offset: bigint },
): Promise<void> =>
  withAdmin(settings, async (admin) => {
    await admin.fetchTopicOffsets(topic); // kafkajs deletes only from topics whose metadata it has asked for before
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: offset.toString() }] });
  });
