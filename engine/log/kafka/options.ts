/** How a process talks to Kafka: what must be given, and what is in force otherwise. */
import type { ISocketFactory } from "kafkajs";
import { Fatal } from "../../errors.ts";
import type { Logger } from "../../logger.ts";
import { type Brokers, type SecuredBrokers, securedBrokers } from "./brokers.ts";
import { tcpSocket, tlsSocket } from "./sockets.ts";

/** What a caller gives. */
export interface KafkaOptions extends Partial<KafkaTuning> {
  readonly brokers: Brokers;
  readonly clientId: string;
  readonly logger: Logger;
  /**
   * Makes this process's members static: one that goes leaves nothing behind and may come back, within the session timeout,
   * without a rebalance. Unique among the processes of a group, and the same after a restart. Default: none.
   */
  readonly groupInstanceId?: string | undefined;
  /** Makes the sockets; for tests that cut connections. Default: TCP, or TLS where `brokers` says so. */
  readonly socketFactory?: ISocketFactory;
}

/** Limits and times. */
export interface KafkaTuning {
  /** A member not heard of for this long is given up by the group. */
  readonly sessionTimeoutMs: number;
  /** How long the group waits for its members to join again. */
  readonly rebalanceTimeoutMs: number;
  /** Between heartbeats; a rebalance is noticed at the next one. */
  readonly heartbeatMs: number;
  /** For `revoking`; well under both timeouts above, so that commits within it still count. */
  readonly drainBudgetMs: number;
  /** How long a fetch waits for data; also how long a stop may take to be noticed. */
  readonly fetchWaitMs: number;
  /** Of one partition in one fetch; a batch that is larger comes by itself. */
  readonly fetchPartitionBytes: number;
  /** Of one fetch from one broker. All of it is decoded at once. */
  readonly fetchBytes: number;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** An append that is not answered by then counts as failed, and its producer is thrown away. */
  readonly appendTimeoutMs: number;
  /** After this long, partitions that were added to a topic are noticed. */
  readonly metadataMaxAgeMs: number;
  /** Lets the broker drop copies that kafkajs's own retries would make. */
  readonly idempotent: boolean;
}

/**
 * 30 s and 60 s: kafkajs's own. A heartbeat a second costs one small request, and a hand-over takes that much less than
 * with kafkajs's three. Fetches of 1 MiB, with room for one of our largest batches a partition: measured
 * 2026-11 over 1.2 million records of 220 bytes, 2.4 M records/s at a peak of 215 MB; with 4 MiB 2.2 M/s at 355 MB.
 */
export const kafkaDefaults: KafkaTuning = {
  sessionTimeoutMs: 30_000,
  rebalanceTimeoutMs: 60_000,
  heartbeatMs: 1_000,
  drainBudgetMs: 10_000,
  fetchWaitMs: 250,
  fetchPartitionBytes: 640 * 1_024,
  fetchBytes: 1_048_576,
  requestTimeoutMs: 15_000,
  connectTimeoutMs: 5_000,
  appendTimeoutMs: 60_000,
  metadataMaxAgeMs: 60_000,
  idempotent: true,
};

/** Everything, decided. */
export type KafkaSettings = KafkaTuning &
  Pick<KafkaOptions, "clientId" | "logger"> & {
    readonly brokers: SecuredBrokers;
    readonly groupInstanceId: string | undefined;
    readonly socketFactory: ISocketFactory;
  };

/**
 * Fills in the defaults.
 * @throws Fatal (KAFKA_OPTIONS) when the drain cannot end before the membership does; (TLS_FILE) when a certificate can't be read.
 */
export const settingsOf = (options: KafkaOptions): KafkaSettings => {
  const brokers = securedBrokers(options.brokers);
  const settings: KafkaSettings = {
    groupInstanceId: undefined,
    ...kafkaDefaults,
    ...options,
    socketFactory: options.socketFactory ?? (brokers.tls === undefined ? tcpSocket : tlsSocket(brokers.tls)),
    brokers,
  };
  const { drainBudgetMs, sessionTimeoutMs, rebalanceTimeoutMs, heartbeatMs } = settings;
  const limitMs = Math.min(sessionTimeoutMs, rebalanceTimeoutMs);
  if (drainBudgetMs >= limitMs || heartbeatMs * 2 > sessionTimeoutMs) {
    throw new Fatal(
      "KAFKA_OPTIONS",
      `drainBudgetMs ${drainBudgetMs} must be under sessionTimeoutMs ${sessionTimeoutMs} and rebalanceTimeoutMs ` +
        `${rebalanceTimeoutMs}, and heartbeatMs ${heartbeatMs} at most half of sessionTimeoutMs`,
    );
  }
  return settings;
};
