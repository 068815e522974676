/** Everything that is to be seen of a cluster from outside: who has which partition, where those begin and end, where groups are. */
import pLimit from "p-limit";
import { partitionName } from "../../log.ts";
import type { Cluster } from "../internals.ts";
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
  const groups = await readGroups(cluster, found.slice(0, limits.maxGroups));
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
  return new Map([...ends].map(([name, end]) => [name, { oldest: starts.get(name) ?? 0n, end }]));
};

/** Consumer groups, by each broker that coordinates some; one that is away has none. */
const listGroups = async (cluster: Cluster, { brokers }: ClusterMetadata): Promise<readonly string[]> => {
  const listed = await Promise.all(
    brokers.map(async ({ id }) => {
      try {
        const broker = await cluster.findBroker({ nodeId: String(id) });
        return (await broker.listGroups()).groups;
      } catch {
        return [];
      }
    }),
  );
  const isConsumers = ({ protocolType }: { readonly protocolType: string }): boolean =>
    protocolType === "consumer" || protocolType === "";
  return [
    ...new Set(
      listed
        .flat()
        .filter(isConsumers)
        .map(({ groupId }) => groupId),
    ),
  ].toSorted();
};

const readGroups = async (cluster: Cluster, ids: readonly string[]): Promise<ClusterOverview["groups"]> => {
  const limit = pLimit(concurrency);
  const read = ids.map((id) =>
    limit(async () => {
      const group = await readGroup(cluster, id).catch(() => undefined);
      return group === undefined ? [] : [[id, group] as const];
    }),
  );
  return new Map((await Promise.all(read)).flat());
};

const readGroup = async (cluster: Cluster, groupId: string): Promise<GroupOverview> => {
  const coordinator = await cluster.findGroupCoordinator({ groupId });
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
