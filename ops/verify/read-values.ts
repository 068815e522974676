/** Reads the decoded values of a topic, from its beginning to where it ends now. */
import type { KafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import type { Codec } from "../../engine/avro/codec.ts";
import type { Topic } from "../../engine/avro/topic.ts";

/** What it reads with. */
export interface TopicReader {
  readonly admin: Pick<KafkaAdmin, "readTopic">;
  readonly codec: Codec;
}

/** Shows every value, by partition in order of offsets; what is no record of the topic is passed over. @throws Unavailable */
export const readValues = async <T>(
  { admin, codec }: TopicReader,
  topic: Topic<T>,
  see: (value: T, partition: number, offset: bigint) => unknown,
): Promise<void> => {
  const decoder = codec.decoder(topic);
  await admin.readTopic(topic.name, async (partition, records) => {
    for (const { value, offset } of records) {
      let decoded = decoder.decode(value);
      if (decoded.kind === "unknownSchema" && (await decoder.learn(decoded.id)) === "known")
        decoded = decoder.decode(value);
      if (decoded.kind === "value") see(decoded.value, partition, offset);
    }
  });
};
