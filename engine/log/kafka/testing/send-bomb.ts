/** Writes a batch that no reader of ours takes: small as it is sent, too large when it is decompressed. */
import { CompressionTypes } from "kafkajs";
import { silentLogger } from "../../../logger.ts";
import type { TopicPartition } from "../../log.ts";
import { createClient } from "../client.ts";
import { decompressedMaxBytes } from "../codecs/codecs.ts";
import { settingsOf } from "../options.ts";

/** Sends one record of zeros, compressed with gzip by kafkajs; answers its offset. */
export const sendBomb = async (brokers: readonly string[], { topic, partition }: TopicPartition): Promise<bigint> => {
  const client = createClient(settingsOf({ brokers, clientId: "test-bomb", logger: silentLogger }));
  const producer = client.kafka.producer({ createPartitioner: () => () => partition });
  try {
    await producer.connect();
    const messages = [{ key: "bomb", value: Buffer.alloc(decompressedMaxBytes + 1) }];
    const [sent] = await producer.send({ topic, acks: -1, compression: CompressionTypes.GZIP, messages });
    if (sent?.baseOffset === undefined) throw new Error(`the broker answered no offset: ${JSON.stringify(sent)}`);
    return BigInt(sent.baseOffset);
  } finally {
    await producer.disconnect();
    client.destroySockets();
  }
};
