/** How many records a group has still to read. */
import type { KafkaAdmin } from "./kafka/admin/admin.ts";

/** What a lag is read with. */
export type LagCluster = Pick<KafkaAdmin, "startOffsets" | "endOffsets" | "committedOffsets">;

/**
 * Records of a topic that a group has not committed, over all partitions. A group that has committed nothing in a partition
 * reads it from its beginning, so all of it counts. @throws Error TOPIC_MISSING @throws Unavailable
 */
export const lagOf = async (cluster: LagCluster, group: string, topic: string): Promise<bigint> => {
  const [starts, ends, committed] = await Promise.all([
    cluster.startOffsets(topic),
    cluster.endOffsets(topic),
    cluster.committedOffsets(group, topic),
  ]);
  const ofPartition = (end: bigint, partition: number): bigint =>
    end - (committed[partition] ?? starts[partition] ?? 0n);
  return ends.map(ofPartition).reduce((sum, lag) => sum + lag, 0n);
};
