/** What a deployment needs: a cluster, a registry, and the store of deployments. */
import type { AvroJson } from "../../avro/avro.ts";
import type { SubjectState } from "../../evolution/look.ts";
import type { KafkaAdmin } from "../../log/kafka/admin/admin.ts";
import type { SchemaChange } from "./letters.ts";
import type { Deployments } from "../deployments.ts";

/** The part of an admin that is used here. */
export type DeployCluster = Pick<
  KafkaAdmin,
  | "clusterId"
  | "describeTopics"
  | "describeGroup"
  | "ensureTopics"
  | "alterSettings"
  | "addPartitions"
  | "countRecordsBefore"
>;

/** A registry, as a deployment sees it. */
export interface DeployRegistry {
  /** @throws RegistryUnavailable */
  readonly state: (subject: string, avro: AvroJson) => Promise<SubjectState>;
  /** Registers a schema and sets the level, or raises it. Idempotent. @throws as registerSchemas does */
  readonly register: (subject: string, avro: AvroJson) => Promise<void>;
}

/** Everything a deployment touches. */
export interface DeployPorts {
  readonly cluster: DeployCluster;
  readonly registry: DeployRegistry;
  readonly deployments: Deployments;
  /** Counts the dead letters that a change of a schema would make unreadable; asked only where a schema changes. */
  readonly strandedLetters: (change: SchemaChange) => Promise<number>;
  /** Epoch ms. */
  readonly now: () => number;
}
