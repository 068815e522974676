/**
 * Replaces src/protocol/requests/produce/v3/request.js, which v4 to v7 go through: it makes a growing buffer for each
 * record, header and batch and copies each into the next. Here the whole request is measured and then written into one
 * buffer. Measured 2026-11, 150-byte values in batches of 2,000: 2.5 us a record before, 0.24 after; with two headers
 * 7.3 before, 0.3 after. It also takes null header values, of which the original throws.
 */
import type { ProducedPartition, ProduceRequest } from "../internals.ts";
import { definePatch } from "./patch.ts";
import { type BatchFields, putBatch, type SizedBatch, sizeBatch } from "./record-batch.ts";

interface SizedPartition {
  readonly partition: ProducedPartition;
  readonly batch: SizedBatch;
}
interface SizedTopic {
  readonly topic: string;
  readonly partitions: readonly SizedPartition[];
}

/** One buffer a request. Compressed requests stay with kafkajs: nothing of ours asks for compression. */
export const produceRequestPatch = definePatch({
  file: "src/protocol/requests/produce/v3/request.js",
  sha256: "993a3db997827088f5acb08cacf3c67a99ec2886303ff465d244329b8a1c7f99",
  replace: (original, need) => {
    const Encoder = need("src/protocol/encoder.js");
    return (request) => {
      if ((request.compression ?? 0) !== 0) return original(request);
      const encode = async () => {
        const bytes = encodeProduce(request, Date.now());
        const encoder = new Encoder(1);
        encoder.buf = bytes;
        encoder.offset = bytes.length;
        return encoder;
      };
      return { ...original(request), encode };
    };
  },
});

/** The body of a produce request, versions 3 to 7. Records without a timestamp get `nowMs`. */
export const encodeProduce = (request: ProduceRequest, nowMs: number): Buffer => {
  const topics = request.topicData.map(
    (topic): SizedTopic => ({
      topic: topic.topic,
      partitions: topic.partitions.map((partition) => ({ partition, batch: sizeBatch(partition.messages, nowMs) })),
    }),
  );
  const { transactionalId = null } = request;
  const target = Buffer.allocUnsafe(sizeOfString(transactionalId) + 2 + 4 + 4 + sum(topics.map(sizeOfTopic)));
  let at = putString(target, 0, transactionalId);
  at = target.writeInt16BE(request.acks, at);
  at = target.writeInt32BE(request.timeout, at);
  at = target.writeInt32BE(topics.length, at);
  for (const topic of topics) at = putTopic(target, at, { topic, request });
  return target;
};

const putTopic = (target: Buffer, start: number, of: { topic: SizedTopic; request: ProduceRequest }): number => {
  const { topic, partitions } = of.topic;
  let at = putString(target, start, topic);
  at = target.writeInt32BE(partitions.length, at);
  for (const { partition, batch } of partitions) {
    at = target.writeInt32BE(partition.partition, at);
    at = target.writeInt32BE(batch.sizeBytes, at);
    putBatch(target, at, { batch, fields: fieldsOf(of.request, partition) });
    at += batch.sizeBytes;
  }
  return at;
};

const fieldsOf = (request: ProduceRequest, { firstSequence = 0 }: ProducedPartition): BatchFields => ({
  producerId: toBigInt(request.producerId ?? -1),
  producerEpoch: request.producerEpoch ?? 0,
  firstSequence,
  transactional: Boolean(request.transactionalId),
});

const toBigInt = (value: NonNullable<ProduceRequest["producerId"]>): bigint =>
  typeof value === "object" ? value.value : BigInt(value);

const sizeOfTopic = ({ topic, partitions }: SizedTopic): number =>
  sizeOfString(topic) + 4 + sum(partitions.map(({ batch }) => 4 + 4 + batch.sizeBytes));

const sizeOfString = (text: string | null): number => 2 + (text === null ? 0 : Buffer.byteLength(text));

const putString = (target: Buffer, start: number, text: string | null): number => {
  if (text === null) return target.writeInt16BE(-1, start);
  const at = target.writeInt16BE(Buffer.byteLength(text), start);
  return at + target.write(text, at, "utf8");
};

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
