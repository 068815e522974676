/** What an overview of a cluster says in the metrics of the exporter. Pure. */
import type { PartitionInfo } from "../../log/kafka/admin/metadata.ts";
import type { ClusterOverview, GroupOverview } from "../../log/kafka/admin/overview.ts";
import { partitionName } from "../../log/log.ts";
import type { kafkaMetrics } from "../metrics/kafka-table.ts";

/** One value of a metric of {@link kafkaMetrics}. */
export interface Series {
  readonly metric: keyof typeof kafkaMetrics;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All values; of a cluster of which no broker answers, that there are no brokers. */
export const seriesOf = (overview: ClusterOverview | undefined): readonly Series[] => {
  if (overview === undefined) return [{ metric: "brokers", labels: {}, value: 0 }];
  const { brokers, topics, groups } = overview;
  return [
    { metric: "brokers", labels: {}, value: brokers.length },
    ...brokers.map(({ id, address }) => ({
      metric: "brokerInfo" as const,
      labels: { id: String(id), address },
      value: 1,
    })),
    ...[...topics].flatMap(([topic, partitions]) => [
      { metric: "topicPartitions" as const, labels: { topic }, value: partitions.length },
      ...partitions.flatMap((own) => partitionSeries(topic, own, overview)),
    ]),
    ...[...groups].flatMap(([group, own]) => groupSeries(group, own, overview)),
  ];
};

const partitionSeries = (
  topic: string,
  { partition, leader, replicas, inSync }: PartitionInfo,
  { offsets }: ClusterOverview,
): readonly Series[] => {
  const labels = { topic, partition: String(partition) };
  const found = offsets.get(partitionName({ topic, partition }));
  return [
    ...(found === undefined
      ? []
      : [
          { metric: "currentOffset" as const, labels, value: Number(found.end) },
          { metric: "oldestOffset" as const, labels, value: Number(found.oldest) },
        ]),
    { metric: "leader", labels, value: leader },
    { metric: "leaderIsPreferred", labels, value: Number(replicas[0] === leader) },
    { metric: "replicas", labels, value: replicas.length },
    { metric: "inSyncReplica", labels, value: inSync.length },
    { metric: "underReplicated", labels, value: Number(inSync.length < replicas.length) },
  ];
};

const groupSeries = (
  consumergroup: string,
  { members, committed }: GroupOverview,
  overview: ClusterOverview,
): readonly Series[] => [
  { metric: "groupMembers", labels: { consumergroup }, value: members },
  ...[...committed].flatMap(([topic, own]) =>
    own.size === 0 ? [] : groupTopicSeries({ consumergroup, topic }, own, overview),
  ),
];

/** kafka_exporter's own rules: -1 where nothing is committed, which counts in the sum of offsets and not in that of lags. */
const groupTopicSeries = (
  names: { readonly consumergroup: string; readonly topic: string },
  committed: ReadonlyMap<number, bigint>,
  { topics, offsets }: ClusterOverview,
): readonly Series[] => {
  const { topic } = names;
  const standing = (topics.get(topic) ?? []).map(({ partition }) => {
    const next = committed.get(partition);
    const end = offsets.get(partitionName({ topic, partition }))?.end;
    // The ends were asked for first: a group may be past them by now.
    const lag = next === undefined || end === undefined ? -1 : Math.max(0, Number(end - next));
    return { partition, next: next === undefined ? -1 : Number(next), lag };
  });
  const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
  return [
    ...standing.flatMap(({ partition, next, lag }) => {
      const labels = { ...names, partition: String(partition) };
      return [
        { metric: "groupCurrentOffset" as const, labels, value: next },
        { metric: "groupLag" as const, labels, value: lag },
      ];
    }),
    { metric: "groupCurrentOffsetSum", labels: names, value: sum(standing.map(({ next }) => next)) },
    { metric: "groupLagSum", labels: names, value: sum(standing.map(({ lag }) => Math.max(0, lag))) },
  ];
};
