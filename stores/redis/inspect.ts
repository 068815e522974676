/** What is asked of a Redis to find out whether it is fit to be the gate: version, role, clock. Reads only. */
import { type RedisConnection, reaching } from "./connection.ts";

/** A Redis. */
export interface RedisInspection {
  /** Such as `7.0.15`; `?` where it does not say. */
  readonly version: string;
  /** `master` takes writes; `slave` does not. */
  readonly role: string;
  /** Its time, epoch ms. */
  readonly now: number;
}

/** Looks. @throws Unavailable */
export const inspectRedis = ({ client }: RedisConnection): Promise<RedisInspection> =>
  reaching(async () => {
    const info = `${await client.info("server")}\n${await client.info("replication")}`;
    const [seconds, micros] = await client.time();
    return {
      version: fieldOf(info, "redis_version"),
      role: fieldOf(info, "role"),
      now: Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000),
    };
  });

const fieldOf = (info: string, name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "?";
