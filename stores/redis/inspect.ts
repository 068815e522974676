/** What is asked of a Redis to find out whether it is fit to be the gate: version, role, clock, memory. Reads only. */
import { type RedisConnection, reaching } from "./connection.ts";

/** A Redis. */
export interface RedisInspection {
  /** Such as `7.0.15`; `?` where it does not say. */
  readonly version: string;
  /** `master` takes writes; `slave` does not. */
  readonly role: string;
  /** Its time, epoch ms. */
  readonly now: number;
  readonly memory: RedisMemory;
}

/** What a Redis holds, in bytes. */
export interface RedisMemory {
  readonly usedBytes: number;
  /** 0: it takes what the machine has. */
  readonly maxBytes: number;
  /** `noeviction`, or how it makes room by itself. */
  readonly policy: string;
}

/** How full a Redis is. @throws Unavailable */
export const readMemory = ({ client }: RedisConnection): Promise<RedisMemory> =>
  reaching(client, async () => {
    const info = await client.info("memory");
    return {
      usedBytes: Number(fieldOf(info, "used_memory")),
      maxBytes: Number(fieldOf(info, "maxmemory")),
      policy: fieldOf(info, "maxmemory_policy"),
    };
  });

/** Looks. @throws Unavailable */
export const inspectRedis = (redis: RedisConnection): Promise<RedisInspection> =>
  reaching(redis.client, async () => {
    const { client } = redis;
    const info = `${await client.info("server")}\n${await client.info("replication")}`;
    const [seconds, micros] = await client.time();
    return {
      version: fieldOf(info, "redis_version"),
      role: fieldOf(info, "role"),
      memory: await readMemory(redis),
      now: Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000),
    };
  });

const fieldOf = (info: string, name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "?";
