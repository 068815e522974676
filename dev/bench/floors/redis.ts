/** What Redis does with one script a round: the ids in one argument, one HMGET and one HSET. */
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import type { Stage } from "../stage.ts";
import { callUnits, type FloorRun, timeCalls } from "./floor.ts";

/** Hexadecimal digits of an id. */
const idDigits = 32;

/** KEYS: a hash. ARGV: ids, one behind the other. Takes a unit for each, and keeps them. */
const lua = `
local left = tonumber(redis.call('HMGET', KEYS[1], 'left')[1])
redis.call('HSET', KEYS[1], 'left', left - #ARGV[1] / ${idDigits}, 'ids', ARGV[1])
return left
`;

/** Runs the script with {@link callUnits} ids a call. @throws the driver's errors */
export const measureScript = async ({ endpoints, signal }: Stage, prefix: string): Promise<FloorRun> => {
  const redis = new Redis(endpoints.redisUrl);
  const key = `floor:${prefix}`;
  try {
    await redis.hset(key, "left", 1_000_000_000);
    // Answered by the script's hash.
    const sha = String(await redis.script("LOAD", lua));
    return await timeCalls({
      signal,
      part: "one script: EVALSHA, HMGET and HSET",
      prepare: () => randomBytes((callUnits * idDigits) / 2).toString("hex"),
      call: (ids) => redis.evalsha(sha, 1, key, ids),
    });
  } finally {
    await redis.del(key);
    redis.disconnect();
  }
};
