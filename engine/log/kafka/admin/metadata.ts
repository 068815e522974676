/**
 * What a broker says of its cluster: brokers, topics and who has which partition. kafkajs throws all of it away where one
 * partition has no leader, which is when somebody wants to see it, so the request (Metadata v5) is written here.
 */
import type { Cluster, Decoder, Encoder } from "../internals.ts";
import { patchedKafkajs } from "../kafkajs.ts";

/** A broker, as it is known to clients. */
export interface BrokerInfo {
  readonly id: number;
  /** `host:port`. */
  readonly address: string;
}

/** A partition and who has it. */
export interface PartitionInfo {
  readonly partition: number;
  /** The broker that leads it; -1 where none does. */
  readonly leader: number;
  /** In the order of preference. */
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

/** Everything one broker knows. */
export interface ClusterMetadata {
  readonly brokers: readonly BrokerInfo[];
  /** By name. */
  readonly topics: ReadonlyMap<string, readonly PartitionInfo[]>;
}

/** Asks the broker that a cluster was connected through. Topics that it does not know well enough are left out. */
export const readMetadata = (cluster: Cluster): Promise<ClusterMetadata> => {
  const Encoding = patchedKafkajs()("src/protocol/encoder.js");
  const Decoding = patchedKafkajs()("src/protocol/decoder.js");
  return cluster.brokerPool.seedBroker.connectionPool.send({
    request: { apiKey: 3, apiVersion: 5, apiName: "Metadata", encode: async () => encodeRequest(new Encoding()) },
    response: {
      decode: async (bytes: Buffer) => decodeMetadata(new Decoding(bytes)),
      parse: async (metadata: ClusterMetadata) => metadata,
    },
  });
};

/** [topics] allow_auto_topic_creation; a length of -1 asks for every topic. */
const encodeRequest = (encoder: Encoder): Encoder => {
  for (let byte = 0; byte < 4; byte++) encoder.writeInt8(-1);
  return encoder.writeBoolean(false);
};

/** throttle_time_ms [brokers] cluster_id controller_id [topics]. */
const decodeMetadata = (decoder: Decoder): ClusterMetadata => {
  decoder.readInt32();
  const brokers = decoder.readArray(decodeBroker);
  decoder.readString();
  decoder.readInt32();
  const topics = decoder.readArray(decodeTopic);
  return {
    brokers,
    topics: new Map(topics.flatMap(({ errorCode, name, partitions }) => (errorCode === 0 ? [[name, partitions]] : []))),
  };
};

/** node_id host port rack. */
const decodeBroker = (decoder: Decoder): BrokerInfo => {
  const [id, host, port] = [decoder.readInt32(), decoder.readString(), decoder.readInt32()];
  decoder.readString();
  return { id, address: `${host}:${port}` };
};

/** error_code name is_internal [partitions]. */
const decodeTopic = (decoder: Decoder) => {
  const [errorCode, name] = [decoder.readInt16(), decoder.readString() ?? ""];
  decoder.readInt8();
  return { errorCode, name, partitions: decoder.readArray(decodePartition) };
};

/** error_code partition leader [replicas] [isr] [offline_replicas]; an error here says that there is no leader. */
const decodePartition = (decoder: Decoder): PartitionInfo => {
  decoder.readInt16();
  const [partition, leader] = [decoder.readInt32(), decoder.readInt32()];
  const [replicas, inSync] = [decoder.readArray(decodeNode), decoder.readArray(decodeNode)];
  decoder.readArray(decodeNode);
  return { partition, leader, replicas, inSync };
};

const decodeNode = (decoder: Decoder): number => decoder.readInt32();
