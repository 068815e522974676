/**
 * A topic's settings: read with where each comes from, and changed one by one. kafkajs has AlterConfigs only, which resets
 * every setting it does not name (kafkajs #1517), so IncrementalAlterConfigs is written here.
 */
import { Fatal } from "../../../errors.ts";
import { withAdmin, withCluster } from "../client.ts";
import type { Decoder, Encoder } from "../internals.ts";
import { patchedKafkajs } from "../kafkajs.ts";
import type { KafkaSettings } from "../options.ts";

/** A topic as the cluster has it. */
export interface TopicDescription {
  readonly partitions: number;
  /** Settings that were made for this topic. */
  readonly overrides: Readonly<Record<string, string>>;
  /** Every setting in force for it, wherever it comes from. */
  readonly effective: Readonly<Record<string, string>>;
}

/** Changes of a topic's settings; what is not named stays as it is. */
export interface SettingChanges {
  readonly set: Readonly<Record<string, string>>;
  /** These go back to the brokers' own value. */
  readonly reset: readonly string[];
}

/** Kafka's number for a topic among things that have settings (ConfigResource.Type). */
const topicResource = 2;
/** Kafka's number for a setting that was made for one topic (DescribeConfigsResponse.ConfigSource). */
const dynamicTopicConfig = 1;

/** Those of `topics` that exist. */
export const describeTopics = (
  settings: KafkaSettings,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicDescription>> =>
  withAdmin(settings, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const names = topics.filter((name) => existing.has(name));
    if (names.length === 0) return new Map();
    const [{ topics: found }, { resources }] = await Promise.all([
      admin.fetchTopicMetadata({ topics: names }),
      admin.describeConfigs({
        includeSynonyms: false,
        resources: names.map((name) => ({ type: topicResource, name })),
      }),
    ]);
    const counts = new Map(found.map(({ name, partitions }) => [name, partitions.length]));
    return new Map(
      resources.map(({ resourceName, configEntries }) => {
        const valuesOf = (entries: typeof configEntries): Readonly<Record<string, string>> =>
          Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue ?? ""]));
        const own = configEntries.filter(({ configSource }) => Number(configSource) === dynamicTopicConfig);
        const partitions = counts.get(resourceName) ?? 0;
        return [resourceName, { partitions, overrides: valuesOf(own), effective: valuesOf(configEntries) }];
      }),
    );
  });

/** Kafka's numbers for what is done to a setting (AlterConfigOp.OpType). */
const operations = { set: 0, reset: 1 } as const;

/**
 * Changes settings of a topic. Idempotent.
 * @throws Fatal (SETTING_REFUSED) with the broker's own words.
 */
export const alterTopicSettings = (
  settings: KafkaSettings,
  topic: string,
  { set, reset }: SettingChanges,
): Promise<void> =>
  withCluster(settings, async (cluster) => {
    await cluster.addMultipleTargetTopics([topic]); // kafkajs knows the controller by a topic's metadata
    const broker = await cluster.findControllerBroker();
    const Encoding = patchedKafkajs()("src/protocol/encoder.js");
    const Decoding = patchedKafkajs()("src/protocol/decoder.js");
    const entries = [
      ...Object.entries(set).map(([name, value]) => ({ name, operation: operations.set, value })),
      ...reset.map((name) => ({ name, operation: operations.reset, value: null })),
    ];
    const answers = await broker.connectionPool.send({
      request: {
        apiKey: 44,
        apiVersion: 0,
        apiName: "IncrementalAlterConfigs",
        encode: async () => encodeRequest(new Encoding(), () => new Encoding(), topic, entries),
      },
      response: {
        decode: async (bytes: Buffer) => decodeResponse(new Decoding(bytes)),
        parse: async (answers: readonly Answer[]) => answers,
      },
    });
    const refused = answers.find(({ errorCode }) => errorCode !== 0);
    if (refused === undefined) return;
    throw new Fatal(
      "SETTING_REFUSED",
      `topic ${topic}: the broker refused ${entries.map(({ name }) => name).join(", ")}: ${refused.message ?? `error ${refused.errorCode}`}`,
    );
  });

interface Entry {
  readonly name: string;
  readonly operation: number;
  readonly value: string | null;
}

/** IncrementalAlterConfigs v0: [type name [name operation value]] validate_only. */
const encodeRequest = (encoder: Encoder, another: () => Encoder, topic: string, entries: readonly Entry[]): Encoder =>
  encoder
    .writeArray([
      another()
        .writeInt8(topicResource)
        .writeString(topic)
        .writeArray(
          entries.map(({ name, operation, value }) =>
            another().writeString(name).writeInt8(operation).writeString(value),
          ),
        ),
    ])
    .writeBoolean(false);

interface Answer {
  readonly errorCode: number;
  readonly message: string | null;
}

/** IncrementalAlterConfigs v0: throttle_time_ms [error_code error_message type name]. */
const decodeResponse = (decoder: Decoder): readonly Answer[] => {
  decoder.readInt32();
  return decoder.readArray((one) => {
    const answer = { errorCode: one.readInt16(), message: one.readString() };
    one.readInt8();
    one.readString();
    return answer;
  });
};

/** Records of a topic that are older than `beforeMs` (epoch ms): those a shorter retention removes. */
export const countRecordsBefore = (settings: KafkaSettings, topic: string, beforeMs: number): Promise<bigint> =>
  withAdmin(settings, async (admin) => {
    const [bounds, cuts] = await Promise.all([
      admin.fetchTopicOffsets(topic),
      admin.fetchTopicOffsetsByTimestamp(topic, beforeMs),
    ]);
    const starts = new Map(bounds.map(({ partition, low }) => [partition, BigInt(low)]));
    // Where no record is that young, kafkajs answers the end.
    return cuts.reduce((sum, { partition, offset }) => sum + BigInt(offset) - (starts.get(partition) ?? 0n), 0n);
  });

/** The first offset of each partition whose record is as young as `atMs` (epoch ms), its end where there is none. */
export const offsetsAt = (
  settings: KafkaSettings,
  topic: string,
  atMs: number,
): Promise<readonly { readonly partition: number; readonly offset: bigint }[]> =>
  withAdmin(settings, async (admin) => {
    const found = await admin.fetchTopicOffsetsByTimestamp(topic, atMs);
    // Where no record is that young, kafkajs answers the end.
    return found.map(({ partition, offset }) => ({ partition, offset: BigInt(offset) }));
  });

/** Makes a topic have this many partitions. Nothing is done where it has them. */
export const addPartitions = (settings: KafkaSettings, topic: string, count: number): Promise<void> =>
  withAdmin(settings, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    if ((topics[0]?.partitions.length ?? 0) >= count) return;
    await admin.createPartitions({ topicPartitions: [{ topic, count }] });
  });

/** The cluster's id, which it keeps for ever. */
export const clusterIdOf = (settings: KafkaSettings): Promise<string> =>
  withAdmin(settings, async (admin) => (await admin.describeCluster()).clusterId);
