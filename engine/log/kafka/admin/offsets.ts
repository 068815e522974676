/** Where partitions end and where a group is in them, by an admin that is connected. Arrays are by partition. */
import type { Admin } from "kafkajs";

/** The offset after the last record (`high`), or the first there is (`low`). */
export const readOffsets = async (
  admin: Pick<Admin, "fetchTopicOffsets">,
  topic: string,
  which: "high" | "low",
): Promise<readonly bigint[]> => {
  const found = await admin.fetchTopicOffsets(topic);
  return byPartition(found.map((one) => ({ partition: one.partition, offset: BigInt(one[which]) })));
};

/** The next offset that a group reads; undefined where it has committed nothing. */
export const readCommitted = async (
  admin: Pick<Admin, "fetchOffsets">,
  groupId: string,
  topic: string,
): Promise<readonly (bigint | undefined)[]> => {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const offsets = found?.partitions.map(({ partition, offset }) => ({ partition, offset: BigInt(offset) })) ?? [];
  return byPartition(offsets).map((offset) => (offset < 0n ? undefined : offset));
};

/** Offsets of all partitions, in the order of those. */
export const byPartition = (
  offsets: readonly { readonly partition: number; readonly offset: bigint }[],
): readonly bigint[] => offsets.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset);
