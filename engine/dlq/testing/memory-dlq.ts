/** The cluster of a MemoryBroker, as dead letters are read and replayed in it. */
import { Unavailable } from "../../errors.ts";
import type { MemoryBroker } from "../../log/memory/memory-log.ts";
import type { GroupDescription } from "../../log/kafka/admin/admin.ts";
import type { DlqCluster } from "../ports.ts";

/** {@link DlqCluster} on a broker in memory, open to a test. */
export interface MemoryDlqCluster extends DlqCluster {
  /** Who is in the group. */
  members: GroupDescription["members"];
  clusterId: () => Promise<string>;
  committedOffsets: DlqCluster["committedOffsets"];
  /** While it is set, nothing is answered. */
  isAway: boolean;
}

/** The cluster of a broker. */
export const memoryDlqCluster = (broker: MemoryBroker): MemoryDlqCluster => {
  const log = broker.client("dlq-admin");
  const partitionsOf = async (topic: string): Promise<readonly number[]> => {
    if (cluster.isAway) throw new Unavailable("kafka", "no broker answers");
    return Array.from({ length: await log.partitionCount(topic) }, (_, partition) => partition);
  };
  const cluster: MemoryDlqCluster = {
    members: [],
    isAway: false,
    clusterId: async () => "cluster-1",
    endOffsets: async (topic) => (await partitionsOf(topic)).map((partition) => broker.endOffset({ topic, partition })),
    startOffsets: async (topic) =>
      (await partitionsOf(topic)).map((partition) => {
        return broker.records({ topic, partition })[0]?.offset ?? broker.endOffset({ topic, partition });
      }),
    committedOffsets: async (group, topic) =>
      (await partitionsOf(topic)).map((partition) => broker.committed(group, { topic, partition })),
    describeGroup: async () => ({ state: cluster.members.length > 0 ? "Stable" : "Empty", members: cluster.members }),
    readRanges: async (topic, ranges, onRecords) => {
      await partitionsOf(topic);
      for (const { partition, from, end } of ranges) {
        const found = broker.records({ topic, partition }).filter(({ offset }) => offset >= from && offset < end);
        if (found.length > 0) await onRecords(partition, found);
      }
    },
  };
  return cluster;
};
