/** A cluster and a registry in memory, for a deployment. */
import type { AvroJson } from "../../avro/avro.ts";
import { canonicalJson } from "../../flow/graph.ts";
import type { TopicDescription } from "../../log/kafka/admin/topic-settings.ts";
import type { DeployPorts } from "../run/ports.ts";
import { type MemoryDeployments, memoryDeployments } from "./memory-deployments.ts";

/** Everything a deployment touches, in memory, and open to a test. */
export interface MemoryPorts extends DeployPorts {
  readonly deployments: MemoryDeployments;
  readonly topics: Map<string, TopicDescription>;
  readonly schemas: Map<string, { versions: readonly string[]; level: string | null }>;
  readonly members: Map<string, number>;
  /** Every call that changed something, in order. */
  readonly calls: string[];
  /** Thrown by the next call that changes something. */
  failure: Error | undefined;
  /** Dead letters that any change of a schema makes unreadable. */
  stranded: number;
  /** Schemas that the registry refuses, as canonical JSON. */
  readonly incompatible: Set<string>;
}

/** An empty cluster. */
export const memoryPorts = (migrations: readonly string[] = []): MemoryPorts => {
  const topics: MemoryPorts["topics"] = new Map();
  const schemas: MemoryPorts["schemas"] = new Map();
  const members: MemoryPorts["members"] = new Map();
  const incompatible: MemoryPorts["incompatible"] = new Set();
  const deployments = memoryDeployments(migrations);
  const change = (call: string): void => {
    const { failure } = ports;
    ports.failure = undefined;
    if (failure !== undefined) throw failure;
    ports.calls.push(call);
  };
  const topicNamed = (name: string): TopicDescription => {
    const topic = topics.get(name);
    if (topic === undefined) throw new RangeError(`no topic ${name}`);
    return topic;
  };
  const ports: MemoryPorts = {
    topics,
    schemas,
    members,
    incompatible,
    calls: [],
    failure: undefined,
    stranded: 0,
    strandedLetters: async () => ports.stranded,
    deployments,
    now: () => 1_000_000,
    cluster: {
      clusterId: async () => "cluster-1",
      describeTopics: async (names) => {
        return new Map(names.flatMap((name) => (topics.has(name) ? [[name, topicNamed(name)] as const] : [])));
      },
      describeGroup: async (group) => ({
        state: "Stable",
        members: Array.from({ length: members.get(group) ?? 0 }, (_, at) => {
          return { memberId: `${at}`, clientId: "c", host: "h", topics: [] };
        }),
      }),
      ensureTopics: async ([spec]) => {
        if (spec === undefined) return;
        change(`create ${spec.name}`);
        const config = spec.config ?? {};
        topics.set(spec.name, { partitions: spec.partitions, overrides: config, effective: config });
      },
      alterSettings: async (name, { set, reset }) => {
        change(`alter ${name}`);
        const topic = topicNamed(name);
        const overrides = { ...topic.overrides, ...set };
        for (const setting of reset) delete overrides[setting];
        topics.set(name, { ...topic, overrides, effective: overrides });
      },
      addPartitions: async (name, partitions) => {
        change(`add ${name}`);
        topics.set(name, { ...topicNamed(name), partitions });
      },
      countRecordsBefore: async () => 7n,
    },
    registry: {
      state: async (subject, avro: AvroJson) => {
        const { versions, level } = schemas.get(subject) ?? { versions: [], level: null };
        const text = canonicalJson(avro);
        const latest = versions.length === 0 ? null : versions.length;
        return { latest, registered: versions.includes(text), compatible: !incompatible.has(text), level };
      },
      register: async (subject, avro) => {
        change(`register ${subject}`);
        const before = schemas.get(subject)?.versions ?? [];
        const text = canonicalJson(avro);
        schemas.set(subject, {
          versions: before.includes(text) ? before : [...before, text],
          level: "BACKWARD_TRANSITIVE",
        });
      },
    },
  };
  return ports;
};
