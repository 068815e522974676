/** Reads the decoded values of a topic, from its beginning to where it ends now. */
import type { KafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import type { Codec } from "../../engine/avro/codec.ts";
import { readValue } from "../../engine/avro/read-value.ts";
import type { Topic } from "../../engine/avro/topic.ts";

/** What it reads with. */
export interface TopicReader {
  readonly admin: Pick<KafkaAdmin, "readTopic" | "startOffsets">;
  readonly codec: Codec;
}

/**
 * Shows every value, by partition in order of offsets; what is no record of the topic is passed over. Answers since when
 * the topic has everything, epoch ms: 0 where no partition has lost its first records. The codec has to answer at once that an
 * id is unknown. @throws Unavailable where no broker answers @throws RegistryUnavailable and its RegistryRefused where a writer's schema is not known
 */
export const readValues = async <T>(
  { admin, codec }: TopicReader,
  topic: Topic<T>,
  see: (value: T, partition: number, offset: bigint) => unknown,
): Promise<number> => {
  const decoder = codec.decoder(topic);
  // Asked first: what retention removes meanwhile is read as well, or is newer than these.
  const [starts, startedAt] = [await admin.startOffsets(topic.name), Date.now()];
  const oldest = new Map<number, number>();
  await admin.readTopic(topic.name, async (partition, records) => {
    const first = records[0];
    if (first !== undefined && !oldest.has(partition)) oldest.set(partition, first.timestampMs);
    for (const { value, offset } of records) {
      // Most are read at once. One that was passed over would make its verdict one without a request.
      const reading = readValue(decoder, value);
      const read = reading instanceof Promise ? await reading : reading;
      if (read.kind === "value") see(read.value, partition, offset);
    }
  });
  // A partition without any record has lost all up to now.
  return Math.max(0, ...starts.map((start, partition) => (start > 0n ? (oldest.get(partition) ?? startedAt) : 0)));
};
