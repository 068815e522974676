/**
 * What the errors of brokers mean, by Kafka's names, as one table: docs/reference/errors.md is made from it. What is in no row is
 * away: records are in order, so one that the broker did not take is sent again before any other is.
 */

/**
 * - `away`: the broker's or the cluster's state. Hold, and ask again.
 * - `membership`: of a commit: the group has given the partition to another member. Its records come there again.
 * - `poison`: the broker will never take these records.
 * - `refused`: the user may not do this, now. At a start the process ends; while it runs it is held.
 * - `fatal`: this process or its version is not what the cluster needs.
 */
export type BrokerErrorClass = "away" | "membership" | "poison" | "refused" | "fatal";

/** Errors of one class for one reason. */
export interface BrokerErrorGroup {
  readonly means: BrokerErrorClass;
  /** Without its full stop, for the page. */
  readonly why: string;
  /** As kafkajs names them. */
  readonly types: readonly string[];
}

/** The table. */
export const brokerErrors: readonly BrokerErrorGroup[] = [
  {
    means: "poison",
    why: "a record is larger than the topic takes",
    types: ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"],
  },
  { means: "poison", why: "a record is not what the topic takes", types: ["INVALID_RECORD", "INVALID_TIMESTAMP"] },
  {
    means: "membership",
    why: "a commit came too late: the partition is another member's, or about to be",
    types: ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"],
  },
  {
    means: "fatal",
    why: "another process has this one's instance id (of a commit: membership)",
    types: ["FENCED_INSTANCE_ID"],
  },
  {
    means: "refused",
    why: "the user may not do this, or is not who it says",
    types: [
      "TOPIC_AUTHORIZATION_FAILED",
      "GROUP_AUTHORIZATION_FAILED",
      "CLUSTER_AUTHORIZATION_FAILED",
      "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
      "SASL_AUTHENTICATION_FAILED",
      "UNSUPPORTED_SASL_MECHANISM",
      "ILLEGAL_SASL_STATE",
      "SECURITY_DISABLED",
      "DELEGATION_TOKEN_AUTH_DISABLED",
      "DELEGATION_TOKEN_NOT_FOUND",
      "DELEGATION_TOKEN_OWNER_MISMATCH",
      "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED",
      "DELEGATION_TOKEN_AUTHORIZATION_FAILED",
      "DELEGATION_TOKEN_EXPIRED",
      "INVALID_PRINCIPAL_TYPE",
    ],
  },
  {
    means: "fatal",
    why: "the cluster does not understand this release, or this release the cluster",
    types: [
      "UNSUPPORTED_VERSION",
      "UNSUPPORTED_FOR_MESSAGE_FORMAT",
      "UNSUPPORTED_COMPRESSION_TYPE",
      "INVALID_REQUIRED_ACKS",
    ],
  },
  {
    means: "fatal",
    why: "the group or the topic cannot be as it is configured",
    types: [
      "INVALID_GROUP_ID",
      "INCONSISTENT_GROUP_PROTOCOL",
      "INVALID_SESSION_TIMEOUT",
      "GROUP_MAX_SIZE_REACHED",
      "INVALID_COMMIT_OFFSET_SIZE",
      "OFFSET_METADATA_TOO_LARGE",
      "INVALID_TOPIC_EXCEPTION",
    ],
  },
  {
    means: "away",
    why: "a broker, a leader or a coordinator is not there now, has too few replicas, or its disk fails",
    types: [
      "UNKNOWN",
      "UNKNOWN_TOPIC_OR_PARTITION",
      "LEADER_NOT_AVAILABLE",
      "NOT_LEADER_FOR_PARTITION",
      "FENCED_LEADER_EPOCH",
      "UNKNOWN_LEADER_EPOCH",
      "REQUEST_TIMED_OUT",
      "BROKER_NOT_AVAILABLE",
      "REPLICA_NOT_AVAILABLE",
      "NETWORK_EXCEPTION",
      "GROUP_LOAD_IN_PROGRESS",
      "GROUP_COORDINATOR_NOT_AVAILABLE",
      "NOT_COORDINATOR_FOR_GROUP",
      "NOT_ENOUGH_REPLICAS",
      "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
      "NOT_CONTROLLER",
      "KAFKA_STORAGE_ERROR",
      "OFFSET_NOT_AVAILABLE",
      "UNSTABLE_OFFSET_COMMIT",
    ],
  },
  {
    means: "away",
    why: "what was sent arrived damaged, or the idempotent producer's sequence is another one: sent again",
    types: [
      "CORRUPT_MESSAGE",
      "OUT_OF_ORDER_SEQUENCE_NUMBER",
      "DUPLICATE_SEQUENCE_NUMBER",
      "UNKNOWN_PRODUCER_ID",
      "INVALID_PRODUCER_EPOCH",
    ],
  },
];

/** The types of one class. */
export const brokerErrorTypes = (means: BrokerErrorClass): ReadonlySet<string> =>
  new Set(brokerErrors.flatMap((group) => (group.means === means ? group.types : [])));
