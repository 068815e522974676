/** What a story is read with, opened for as long as one is told. */
import { codecOf } from "../../engine/app/dlq/open.ts";
import { letterDecoder, type LetterDecoder } from "../../engine/dlq/read/decode.ts";
import type { Replays } from "../../engine/dlq/jobs/replays.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { couponTopics } from "../../schemas/coupon.ts";
import { paymentTopics } from "../../schemas/payment.ts";
import { type Database, openDatabase } from "../../stores/mysql/database.ts";
import { readDatabaseIdentity } from "../../stores/mysql/database-identity.ts";
import { replaysOf } from "../../stores/mysql/operations/replays.ts";
import { openRedis, type RedisConnection } from "../../stores/redis/connection.ts";
import { checkGate } from "../../stores/redis/gate-owner.ts";
import type { Config } from "../config.ts";
import { type Away, createAway } from "./away.ts";

/** Everything a story is read with. */
export interface StoryPorts {
  readonly cluster: KafkaAdmin;
  readonly database: Database;
  readonly redis: RedisConnection;
  /** What was away while the story was read. Without the database there is none. */
  readonly away: Away;
  readonly decoder: LetterDecoder;
  readonly replays: Replays;
  readonly groupPrefix: string;
  readonly outboxKeptMs: number;
  readonly now: () => number;
}

/** How long one statement may take: each finds its rows by an index. */
const statementTimeoutMs = 10_000;

/**
 * Opens them while `work` runs. Each call out of the process throws Unavailable where its service is away or slow; all are
 * reads, so asking again is harmless. What but the database is away is remembered in `away`.
 * @throws StartRefused where Redis is another database's gate. @throws Unavailable where the database is away
 */
export const withStoryPorts = async <T>(config: Config, work: (ports: StoryPorts) => Promise<T>): Promise<T> => {
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 4, poolKeptIdle: 0, statementTimeoutMs });
  let redis: RedisConnection | undefined;
  try {
    const gate = await openRedis({ redisUrl: config.redisUrl });
    redis = gate;
    const [databaseId, away] = [await readDatabaseIdentity(database), createAway()];
    await away.orElse(undefined, () => checkGate(gate, databaseId));
    const cluster = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-story" });
    return await work({
      ...{ cluster, database, redis: gate, away, groupPrefix: config.groupPrefix, outboxKeptMs: config.outboxKeptMs },
      decoder: letterDecoder(codecOf(config), [...couponTopics, ...paymentTopics]),
      replays: replaysOf(database),
      now: () => Date.now(),
    });
  } finally {
    redis?.close();
    await database.close();
  }
};
