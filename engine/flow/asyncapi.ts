/**
 * A topology as AsyncAPI 3.0 has applications: the topics that it reads and writes, with their records. Stores, steps and
 * outcomes have no place in it. Pure. Specification: https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
import { graphHash, type Endpoint, type TopologyGraph, writtenNamesOf } from "./graph.ts";

/** The topics beside the graph's own. */
export interface LetterTopics {
  readonly deadLetters: string;
  readonly retries: string;
}

type Json = Readonly<Record<string, unknown>>;
type TopicEndpoint = Extract<Endpoint, { kind: "topic" }>;

const bindingVersion = "0.5.0";

/** The document. `letters` are written and read as bytes, so nothing is said of their values. */
export const asyncApiOf = (graph: TopologyGraph, { deadLetters, retries }: LetterTopics): Json => {
  const topics = topicsOf(graph);
  const written = writtenNamesOf(graph);
  const sent = topics.flatMap(([name]) => (written.has(name) ? [name] : []));
  return {
    asyncapi: "3.0.0",
    info: {
      title: graph.name,
      version: graphHash(graph).slice(0, 8),
      description: "The version is that of the graph.",
    },
    channels: {
      ...Object.fromEntries(topics.map(([name, topic]) => [name, channelOf(name, topic)])),
      [deadLetters]: letterChannel(
        deadLetters,
        "Records that were set aside, as they were, with headers that say why.",
      ),
      [retries]: letterChannel(retries, "Dead letters that are decided again, as they were."),
    },
    operations: {
      ...Object.fromEntries([...graph.sources, retries].map((name) => [`receive-${name}`, operation("receive", name)])),
      ...Object.fromEntries([...sent, deadLetters].map((name) => [`send-${name}`, operation("send", name)])),
    },
    components: { messages: Object.fromEntries(topics.map(([name, topic]) => [name, messageOf(name, topic)])) },
  };
};

const topicsOf = ({ endpoints }: TopologyGraph): readonly (readonly [string, TopicEndpoint])[] =>
  Object.entries(endpoints).flatMap(([name, endpoint]) =>
    endpoint.kind === "topic" ? [[name, endpoint] as const] : [],
  );

const channelOf = (name: string, { partitions, key }: TopicEndpoint): Json => ({
  address: name,
  description: key === undefined ? "The key is computed." : `The key is ${key}.`,
  messages: { record: { $ref: `#/components/messages/${name}` } },
  bindings: { kafka: { partitions, bindingVersion } },
});

const letterChannel = (address: string, description: string): Json => ({
  address,
  description,
  messages: { record: { contentType: "application/octet-stream" } },
});

const operation = (action: "receive" | "send", name: string): Json => ({
  action,
  channel: { $ref: `#/channels/${name}` },
});

/** Values are of Confluent's form: a byte 0, four of the schema's id, then Avro. */
const messageOf = (name: string, { avro }: TopicEndpoint): Json => ({
  name,
  contentType: "avro/binary",
  payload: { schemaFormat: "application/vnd.apache.avro+json;version=1.9.0", schema: avro },
  bindings: {
    kafka: {
      key: { type: "string" },
      schemaIdLocation: "payload",
      schemaIdPayloadEncoding: "confluent",
      schemaLookupStrategy: "TopicNameStrategy",
      bindingVersion,
    },
  },
});
