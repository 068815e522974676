/** A Redis of one's own, small, empty and gone afterwards: for what must not happen to one that others use. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { openRedis, type RedisConnection } from "../../stores/redis/connection.ts";

/** It, and the way to it. */
export interface OwnRedis {
  readonly url: string;
  readonly redis: RedisConnection;
  /** Ends both. */
  readonly close: () => Promise<void>;
}

/** Starts `redis-server` with so much memory, and refusing what does not fit. @throws Error where it does not answer within 10 s */
export const ownRedis = async (maxMemory: string): Promise<OwnRedis> => {
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", [...args, "--maxmemory", maxMemory, "--maxmemory-policy", "noeviction"], {
    stdio: "ignore",
  });
  const failed = once(server, "error").then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  const url = `redis://127.0.0.1:${port}`;
  const redis = await openRedis({ redisUrl: url });
  const close = async (): Promise<void> => {
    redis.close();
    if (server.exitCode === null && server.kill("SIGTERM")) await once(server, "exit");
  };
  try {
    await Promise.race([untilItAnswers(redis), failed]);
    return { url, redis, close };
  } catch (error) {
    await close();
    throw error;
  }
};

const untilItAnswers = async (redis: RedisConnection): Promise<void> => {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (
      await redis.ping().then(
        () => true,
        () => false,
      )
    )
      return;
    await sleep(50);
  }
  throw new Error("redis-server did not answer within 10 s");
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
};
