/** Everything that is to be seen of a cluster from outside: who has which partition, where those begin and end, where groups are. */
import pLimit from "p-limit";
import { partitionName } from "../../log.ts";
import type { Broker, Cluster } from "../internals.ts";
import { type ClusterMetadata, readMetadata } from "./metadata.ts";

/** Where partitions and groups stand. */
export interface ClusterOverview extends ClusterMetadata {
  /** By partition; without topics of which a partition has no leader, and those that did not answer. */
  readonly offsets: ReadonlyMap<string, { readonly oldest: bigint; readonly end: bigint }>;
  /** By id; without those that did not answer. */
  readonly groups: ReadonlyMap<string, GroupOverview>;
  /** What was not looked at, because there is more than the bounds allow. */
  readonly leftOut: { readonly topics: number; readonly groups: number };
}

/** A consumer group. */
export interface GroupOverview {
  readonly members: number;
  /** The next offset to read, by topic, then by partition: those that it has committed. */
  readonly committed: ReadonlyMap<string, ReadonlyMap<number, bigint>>;
}

/** How much is looked at. */
export interface OverviewLimits {
  readonly maxTopics: number;
  readonly maxGroups: number;
}

/** Requests about groups at once. */
const concurrency = 8;

/** Reads it, part by part: what one part does not answer is missing, and the others are there. @throws where no broker answers */
export const readOverview = async (cluster: Cluster, limits: OverviewLimits): Promise<ClusterOverview> => {
  const metadata = await readMetadata(cluster);
  const names = [...metadata.topics.keys()].toSorted();
  const topics = new Map(names.slice(0, limits.maxTopics).map((name) => [name, metadata.topics.get(name) ?? []]));
  const offsets = await readOffsets(cluster, topics).catch(() => noOffsets);
  const found = await listGroups(cluster, metadata).catch(() => []);
  const groups = await readGroups(found.slice(0, limits.maxGroups));
  const leftOut = { topics: names.length - topics.size, groups: Math.max(0, found.length - limits.maxGroups) };
  return { brokers: metadata.brokers, topics, offsets, groups, leftOut };
};

const noOffsets: ClusterOverview["offsets"] = new Map();

/** The end is that of what can be read: records of open transactions are behind it. */
const readOffsets = async (
  cluster: Cluster,
  topics: ClusterMetadata["topics"],
): Promise<ClusterOverview["offsets"]> => {
  const whole = [...topics].filter(([, partitions]) => partitions.every(({ leader }) => leader >= 0));
  if (whole.length === 0) return noOffsets;
  await cluster.addMultipleTargetTopics(whole.map(([name]) => name));
  const at = async (fromBeginning: boolean): Promise<ReadonlyMap<string, bigint>> => {
    const asked = whole.map(([topic, partitions]) => ({ topic, partitions, fromBeginning }));
    const answered = await cluster.fetchTopicsOffset(asked);
    return new Map(
      answered.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => [partitionName({ topic, partition }), BigInt(offset)] as const),
      ),
    );
  };
  const [starts, ends] = [await at(true), await at(false)];
  return new Map(
    [...ends].flatMap(([name, end]) => {
      const oldest = starts.get(name);
      return oldest === undefined ? [] : [[name, { oldest, end }] as const];
    }),
  );
};

/** A consumer group, and the broker that coordinates it. */
interface ListedGroup {
  readonly groupId: string;
  readonly coordinator: Broker;
}

/** Consumer groups, sorted by id: each broker lists those that it coordinates, and one that is away has none. */
const listGroups = async (cluster: Cluster, { brokers }: ClusterMetadata): Promise<readonly ListedGroup[]> => {
  const listed = await Promise.all(
    brokers.map(async ({ id }): Promise<readonly ListedGroup[]> => {
      try {
        const coordinator = await cluster.findBroker({ nodeId: String(id) });
        const { groups } = await coordinator.listGroups();
        return groups.filter(isConsumers).map(({ groupId }) => ({ groupId, coordinator }));
      } catch {
        return [];
      }
    }),
  );
  // One that moves between two answers is listed by both brokers.
  const byId = new Map(listed.flat().map((group) => [group.groupId, group]));
  return [...byId.values()].toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1));
};

const isConsumers = ({ protocolType }: { readonly protocolType: string }): boolean =>
  protocolType === "consumer" || protocolType === "";

const readGroups = async (listed: readonly ListedGroup[]): Promise<ClusterOverview["groups"]> => {
  const limit = pLimit(concurrency);
  const read = listed.map((one) =>
    limit(async () => {
      // Its coordinator is another one by now, or says nothing of it: the next look has it.
      const group = await readGroup(one).catch(() => undefined);
      return group === undefined ? [] : [[one.groupId, group] as const];
    }),
  );
  return new Map((await Promise.all(read)).flat());
};

/** Described alone: of several, one that our user may not see fails all. */
const readGroup = async ({ groupId, coordinator }: ListedGroup): Promise<GroupOverview> => {
  const [{ groups }, { responses }] = await Promise.all([
    coordinator.describeGroups({ groupIds: [groupId] }),
    // Without topics, of all that it has committed something in.
    coordinator.offsetFetch({ groupId, topics: [] }),
  ]);
  const committed = responses.map(({ topic, partitions }) => {
    const own = partitions.map(({ partition, offset }) => [partition, BigInt(offset)] as const);
    return [topic, new Map(own.filter(([, offset]) => offset >= 0n))] as const;
  });
  return { members: groups[0]?.members.length ?? 0, committed: new Map(committed) };
};
