/**
 * kafkajs 2.2.4 from the inside: the types of the modules that are patched or reached into, by file. kafkajs has no
 * `exports`, so they can be required; their text is checked (kafkajs.ts) before anything here is believed.
 */
import type * as kafkajs from "kafkajs";
import type { EncodableRecord } from "./patches/record-batch.ts";

/** The modules by their path inside the package. */
export interface KafkajsModules {
  readonly "index.js": typeof kafkajs;
  readonly "src/cluster/index.js": new (options: ClusterOptions) => Cluster;
  readonly "src/consumer/batch.js": new (topic: string, fetchedOffset: string, data: FetchedPartition) => Batch;
  readonly "src/consumer/consumerGroup.js": { readonly prototype: ConsumerGroup };
  readonly "src/consumer/filterAbortedMessages.js": (of: {
    readonly messages: readonly DecodedMessage[];
    readonly abortedTransactions: readonly unknown[];
  }) => readonly DecodedMessage[];
  readonly "src/loggers/index.js": {
    readonly createLogger: (options: { level: number; logCreator: kafkajs.logCreator }) => kafkajs.Logger;
  };
  readonly "src/network/requestQueue/index.js": new (options: RequestQueueOptions) => RequestQueue;
  readonly "src/producer/groupMessagesPerPartition.js": GroupMessages;
  readonly "src/protocol/decoder.js": new (bytes: Buffer) => Decoder;
  readonly "src/protocol/encoder.js": new (initialBytes?: number) => Encoder;
  readonly "src/protocol/requests/fetch/v4/decodeMessages.js": (decoder: Decoder) => Promise<readonly DecodedMessage[]>;
  readonly "src/protocol/requests/produce/v3/request.js": (request: ProduceRequest) => EncodableRequest;
}

/** Requires one file of the copy of kafkajs at hand. */
export type Need = <File extends keyof KafkajsModules>(file: File) => KafkajsModules[File];

/** A growing buffer. */
export interface Encoder {
  buf: Buffer;
  offset: number;
  readonly buffer: Buffer;
  readonly writeInt8: (value: number) => Encoder;
  readonly writeBoolean: (value: boolean) => Encoder;
  /** Null is a text that is not there. */
  readonly writeString: (value: string | null) => Encoder;
  readonly writeArray: (values: readonly Encoder[]) => Encoder;
}

/** A cursor over a response. */
export interface Decoder {
  readonly buffer: Buffer;
  readonly readInt8: () => number;
  readonly readInt16: () => number;
  readonly readInt32: () => number;
  readonly readString: () => string | null;
  readonly readArray: <T>(read: (decoder: Decoder) => T) => readonly T[];
  readonly readBytes: (byteLength?: number) => Buffer | null;
  readonly canReadBytes: (length: number) => boolean;
  offset: number;
}

/** What a request is to a connection. */
export interface EncodableRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly encode: () => Promise<Encoder>;
}

/** A produce request before it is encoded. */
export interface ProduceRequest {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  readonly producerId?: string | number | bigint | { readonly value: bigint };
  readonly producerEpoch?: number;
  readonly compression?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly ProducedPartition[];
  }[];
}

/** The records of a produce request for one partition. */
export interface ProducedPartition {
  readonly partition: number;
  readonly firstSequence?: number;
  readonly messages: readonly EncodableRecord[];
}

/** Splits a send by partition. */
export type GroupMessages = (of: {
  readonly topic: string;
  readonly partitionMetadata: readonly kafkajs.PartitionMetadata[];
  readonly messages: readonly EncodableRecord[];
  readonly partitioner: (of: {
    readonly topic: string;
    readonly partitionMetadata: readonly kafkajs.PartitionMetadata[];
    readonly message: EncodableRecord;
  }) => number;
}) => Readonly<Record<number, readonly EncodableRecord[]>>;

/** What a fetch says about the batch a record came in. */
export interface BatchContext {
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly isControlBatch: boolean;
}

/** What kafkajs's consumer needs of a decoded record. `offset` is text in kafkajs and a bigint in ours: it takes both. */
export interface DecodedMessage {
  readonly offset: string | bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly isControlRecord: boolean;
  readonly batchContext: BatchContext;
}

/** One partition of a fetch's answer. */
export interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: string;
  readonly abortedTransactions: readonly unknown[];
  readonly messages: readonly DecodedMessage[];
}

/** What a handler gets: the records of one partition from one fetch. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly highWatermark: string;
  readonly fetchedOffset: string;
  /** All that was fetched; of those the ones from `fetchedOffset` on; and of those the ones for a listener. */
  rawMessages: readonly DecodedMessage[];
  messagesWithinOffset: readonly DecodedMessage[];
  messages: readonly DecodedMessage[];
  readonly lastOffset: () => string | bigint;
}

/** A queue of requests on one connection. */
export interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, unknown>;
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  scheduleCheckPendingRequests: () => void;
  checkPendingRequests: () => void;
  readonly maybeThrottle: (ms: number) => void;
  readonly push: (request: unknown) => void;
  readonly fulfillRequest: (response: { correlationId: number; payload: Buffer; size: number }) => void;
  readonly destroy: () => void;
}

/** How a request queue is made. */
export interface RequestQueueOptions {
  readonly maxInFlightRequests: number | null;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  readonly clientId: string;
  readonly broker: string;
  readonly logger: Pick<kafkajs.Logger, "debug" | "warn">;
}

/** The fetch position and the committed offsets of one generation. */
export interface OffsetManager {
  coordinator: Broker;
  readonly nextOffset: (topic: string, partition: number) => { readonly toString: () => string };
  readonly committedOffsets: () => Readonly<Record<string, Readonly<Record<number, string>>>>;
  readonly clearOffsets: (of: { topic: string; partition: number }) => void;
  readonly commitOffsets: (offsets: {
    readonly topics: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[];
  }) => Promise<void>;
}

/** A member of a group. */
export interface ConsumerGroup {
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly assigners: readonly object[];
  coordinator: Broker | null;
  memberId: string | null;
  readonly generationId: number | null;
  readonly offsetManager: OffsetManager | null;
  /** ms that a fetch may wait for data. */
  maxWaitTime: number;
  joinAndSync: () => Promise<void>;
  fetch: (nodeId: string) => Promise<readonly Batch[]>;
  recoverFromOffsetOutOfRange: (error: { readonly topic: string; readonly partition: number }) => Promise<void>;
  leave: () => Promise<void>;
  readonly assigned: () => readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  readonly paused: () => readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  readonly pause: (of: readonly { readonly topic: string; readonly partitions?: readonly number[] }[]) => void;
  readonly resume: (of: readonly { readonly topic: string; readonly partitions?: readonly number[] }[]) => void;
  readonly resolveOffset: (of: { topic: string; partition: number; offset: string | bigint }) => void;
  readonly heartbeat: (options: { readonly interval: number }) => Promise<void>;
}

/** The brokers of a cluster and what is known of its topics. */
export interface Cluster {
  /** The seed is the broker that was connected to first: the only one before metadata was read. */
  readonly brokerPool: { readonly seedBroker: Broker };
  readonly connect: () => Promise<void>;
  readonly disconnect: () => Promise<void>;
  readonly addMultipleTargetTopics: (topics: readonly string[]) => Promise<void>;
  readonly refreshMetadata: () => Promise<void>;
  readonly findBroker: (of: { readonly nodeId: string }) => Promise<Broker>;
  readonly findControllerBroker: () => Promise<Broker>;
  findGroupCoordinator: (of: { readonly groupId: string }) => Promise<Broker>;
  readonly findLeaderForPartitions: (
    topic: string,
    partitions: readonly number[],
  ) => Readonly<Record<string, readonly number[]>>;
  readonly findTopicPartitionMetadata: (topic: string) => readonly kafkajs.PartitionMetadata[];
  readonly fetchTopicsOffset: (
    topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
      readonly fromBeginning: boolean;
    }[],
  ) => Promise<
    readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
    }[]
  >;
}

/** One broker. */
export interface Broker {
  readonly nodeId: number;
  /** Makes a function that builds requests of one kind, in the newest version that both sides know. */
  readonly lookupRequest: (apiKey: number, definition: unknown) => (payload: object) => unknown;
  /** Sends a request that kafkajs does not have. */
  readonly connectionPool: {
    readonly send: <Decoded, Answer>(protocol: {
      readonly request: EncodableRequest;
      readonly response: {
        readonly decode: (bytes: Buffer) => Promise<Decoded>;
        readonly parse: (decoded: Decoded) => Promise<Answer>;
      };
    }) => Promise<Answer>;
  };
  readonly listGroups: () => Promise<{
    readonly groups: readonly { readonly groupId: string; readonly protocolType: string }[];
  }>;
  readonly describeGroups: (request: { readonly groupIds: readonly string[] }) => Promise<{
    readonly groups: readonly { readonly groupId: string; readonly members: readonly unknown[] }[];
  }>;
  readonly leaveGroup: (request: { readonly groupId: string; readonly memberId: string }) => Promise<void>;
  readonly offsetFetch: (request: {
    readonly groupId: string;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
    }[];
  }) => Promise<{
    readonly responses: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
    }[];
  }>;
  readonly fetch: (request: {
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: string;
        readonly maxBytes: number;
      }[];
    }[];
  }) => Promise<{
    readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
  }>;
}

/** How a cluster is made. */
export interface ClusterOptions {
  readonly logger: kafkajs.Logger;
  readonly socketFactory: kafkajs.ISocketFactory;
  readonly brokers: readonly string[];
  readonly ssl?: kafkajs.KafkaConfig["ssl"];
  readonly sasl?: kafkajs.KafkaConfig["sasl"];
  readonly clientId: string;
  /** ms */
  readonly connectionTimeout: number;
  /** ms */
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  /** ms */
  readonly metadataMaxAge: number;
  readonly retry: kafkajs.RetryOptions;
  readonly allowAutoTopicCreation: boolean;
  readonly isolationLevel: number;
  readonly maxInFlightRequests: null;
}
