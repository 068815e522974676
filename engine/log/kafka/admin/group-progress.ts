/**
 * How far a group is in a topic, for whoever asks again and again: on connections that are kept. After a failure they are thrown
 * away, and the next look connects anew. Measured 2026-11-27 on three brokers of a busy machine, median of 40 looks: 15 ms and 2.6
 * ms of CPU; by an admin that connects for each question 154 ms and 10.8 ms.
 */
import type { Admin } from "kafkajs";
import { silentLogger } from "../../../logger.ts";
import { createClient, type KafkaClient, retry } from "../client.ts";
import { failureOf } from "../failures.ts";
import { type KafkaOptions, settingsOf } from "../options.ts";
import { readCommitted, readOffsets } from "./offsets.ts";

/** One partition of the topic. */
export interface PartitionProgress {
  /** The next offset that the group reads; undefined where it has committed nothing. */
  readonly committed: bigint | undefined;
  /** The offset after the last record, asked for after `committed`. */
  readonly end: bigint;
}

/** A look at one group and one topic. */
export interface GroupProgress {
  /** By partition. One look at a time. @throws Unavailable @throws AccessRefused where the group or the topic may not be described */
  readonly look: () => Promise<readonly PartitionProgress[]>;
  /** Ends its connections. */
  readonly close: () => Promise<void>;
}

/** What is looked at. */
export interface LookedAt {
  readonly groupId: string;
  readonly topic: string;
}

interface Line {
  readonly client: KafkaClient;
  readonly admin: Admin;
}

/** Connects with the first look. @throws Fatal (KAFKA_OPTIONS, KAFKAJS_CHANGED) */
export const groupProgress = (
  options: Omit<KafkaOptions, "logger"> & Partial<Pick<KafkaOptions, "logger">>,
  { groupId, topic }: LookedAt,
): GroupProgress => {
  const settings = settingsOf({ logger: silentLogger, ...options });
  let line: Line | undefined;
  const close = async (): Promise<void> => {
    const closing = line;
    line = undefined;
    await closing?.admin.disconnect().catch(() => {});
    closing?.client.destroySockets();
  };
  const connected = async (): Promise<Admin> => {
    if (line !== undefined) return line.admin;
    const client = createClient(settings);
    line = { client, admin: client.kafka.admin({ retry }) };
    await line.admin.connect();
    return line.admin;
  };
  return {
    look: async () => {
      try {
        const admin = await connected();
        const committed = await readCommitted(admin, groupId, topic);
        const ends = await readOffsets(admin, topic, "high");
        return ends.map((end, partition) => ({ committed: committed[partition], end }));
      } catch (error) {
        await close();
        throw failureOf(error, `how far ${groupId} is in ${topic}`);
      }
    },
    close,
  };
};
