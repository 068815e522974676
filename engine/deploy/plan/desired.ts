/** The desired document: everything a deployment declares, as one JSON value that can be stored, hashed and compared. */
import type { AvroJson } from "../../avro/avro.ts";
import { subjectLevel } from "../../registry/register.ts";
import { subjectOf } from "../../avro/topic.ts";
import type { TopologyGraph } from "../../flow/graph.ts";
import { deadLetterTopic } from "../../worker/round/dead-letter.ts";
import { retryPartitions, retryTopic } from "../../worker/round/retry-record.ts";
import { deadLetterSettings, topicSettings } from "./topic-settings.ts";

/** A topic as it is declared. */
export interface DesiredTopic {
  readonly partitions: number;
  /** The field its records are keyed by, `computed` where it is no field; null for dead letters and retry records, which keep their records' keys. */
  readonly key: string | null;
  /** Settings by Kafka's name, values as Kafka writes them. A setting that is not named here is not ours. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A subject as it is declared. */
export interface DesiredSubject {
  /** The registry's compatibility level. */
  readonly level: string;
  readonly avro: AvroJson;
}

/** A topology as it is declared. */
export interface DesiredTopology {
  /** The graph's hash: what a worker compares with its own. */
  readonly hash: string;
  /** The consumer group that runs it. */
  readonly group: string;
  readonly graph: TopologyGraph;
}

/** Everything that is declared, by name. Plain JSON: it is stored with each deployment. */
export interface Desired {
  readonly version: 1;
  readonly topics: Readonly<Record<string, DesiredTopic>>;
  readonly subjects: Readonly<Record<string, DesiredSubject>>;
  readonly topologies: Readonly<Record<string, DesiredTopology>>;
}

/** A topic as {@link desiredOf} takes it: what an application declares, types erased. */
export interface DeclaredTopic {
  readonly name: string;
  readonly partitions: number;
  readonly schema: { readonly avro: AvroJson };
  /** The field its records are keyed by. */
  readonly keyedBy?: string;
  readonly config?: Readonly<Record<string, string>>;
}

/** What an application declares. */
export interface Declaration {
  readonly topologies: readonly { readonly graph: TopologyGraph; readonly hash: string }[];
  /** Every topic they read or write, each once. */
  readonly topics: readonly DeclaredTopic[];
  /** Names the consumer group of a topology. */
  readonly groupOf: (topology: string) => string;
}

/** Dead-letter topics have this many partitions, whatever their sources have: letters are not read in the order of a key. */
const deadLetterPartitions = 6;

/**
 * The document of an application: its topics, a dead-letter topic and a retry topic for each topology, the subjects of those
 * topics, and the topologies with their groups.
 */
export const desiredOf = ({ topologies, topics, groupOf }: Declaration): Desired => ({
  version: 1,
  topics: Object.fromEntries([
    ...topics.map((topic) => [topic.name, desiredTopic(topic)] as const),
    ...topologies.map(({ graph }) => [deadLetterTopic(graph.name), deadLetters] as const),
    ...topologies.map(({ graph }) => [retryTopic(graph.name), retries(graph)] as const),
  ]),
  subjects: Object.fromEntries(
    topics.map((topic) => [subjectOf(topic), { level: subjectLevel, avro: topic.schema.avro }]),
  ),
  topologies: Object.fromEntries(
    topologies.map(({ graph, hash }) => [graph.name, { hash, group: groupOf(graph.name), graph }]),
  ),
});

const deadLetters: DesiredTopic = { partitions: deadLetterPartitions, key: null, settings: deadLetterSettings };

/** Kept for ever as the letters are: what became of a letter is told from both. */
const retries = (graph: TopologyGraph): DesiredTopic => ({ ...deadLetters, partitions: retryPartitions(graph) });

const desiredTopic = ({ partitions, keyedBy = "computed", config }: DeclaredTopic): DesiredTopic => ({
  partitions,
  key: keyedBy,
  settings: { ...topicSettings, ...config },
});
