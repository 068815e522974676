/** The way to Redis: one connection that would rather fail at once than wait, so that the runtime does the waiting. */
import { Redis } from "./ioredis.ts";
import { type TlsFiles, tlsReader } from "../../engine/connect/tls.ts";
import { AccessRefused, Fatal, PipelineError, Poison, Unavailable } from "../../engine/errors.ts";
import { readRedisAddress } from "./address.ts";
import { redisErrorOf } from "./error-table.ts";

/** Where Redis is and how long it may take. */
export interface RedisConfig {
  /** `redis://[user:password@]host:6379[/db]`, or `rediss://...?ssl-ca=/path` for TLS; see address.ts. */
  readonly redisUrl: string;
  /** How long a command may take, and how long a socket that owes an answer may be silent; default 2,000. */
  readonly commandTimeoutMs?: number;
  /** How long opening a connection may take; default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Told of connection errors, which are otherwise seen only as failing commands. */
  readonly onError?: (error: Error) => void;
}

/** One connection, opened again by itself whenever it is lost. */
export interface RedisConnection {
  readonly client: Redis;
  /** How often it was opened: a Redis that was started again, or another one after a fail-over, has closed it. */
  readonly connections: () => number;
  /** Resolves where Redis answers. @throws Unavailable */
  readonly ping: () => Promise<void>;
  /** Ends the connection; what is in flight fails. Idempotent. */
  readonly close: () => void;
}

/** Between attempts to connect again: 50 ms, doubled up to 1 s, and up to 50 ms more so that workers don't come in step. */
const retryDelayMs = (attempt: number): number => Math.min(1_000, 25 * 2 ** Math.min(attempt, 10)) + Math.random() * 50;

/**
 * Opens a connection; also resolves, and goes on trying, where Redis is away.
 * @throws AddressMistake @throws Fatal (TLS_FILE) where a certificate's file cannot be read
 * @throws AccessRefused (REDIS_NOAUTH, REDIS_WRONGPASS and the like) where Redis refuses this user
 */
export const openRedis = async (config: RedisConfig): Promise<RedisConnection> => {
  const { redisUrl, commandTimeoutMs = 2_000, connectTimeoutMs = 5_000, onError = () => undefined } = config;
  const { host, port, user, password, db, tls } = readRedisAddress(redisUrl);
  const client = new Redis({
    host,
    port,
    db,
    ...(user === "" ? {} : { username: user }),
    ...(password === "" ? {} : { password }),
    ...(tls === undefined ? {} : { tls: renewedTls(tls) }),
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    // By default a command whose reply was lost is sent again, and one sent to a dead server waits for ever.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    commandTimeout: commandTimeoutMs,
    // Without it a connection that went silent keeps failing commands until the kernel gives it up, minutes later.
    socketTimeout: commandTimeoutMs,
    retryStrategy: retryDelayMs,
    // A replica answers after a fail-over: connect again, to find the new master; 1 does not resend the command.
    reconnectOnError: (error) => (isReadOnly(error) ? 1 : false),
  });
  // Why it could not connect: what it rejects with afterwards only says that the connection is closed.
  let latest: Error | undefined;
  client.on("error", (error) => {
    latest = error;
    const refusal = redisFailure(error);
    if (refusal instanceof AccessRefused) refusals.set(client, refusal);
    else refusals.delete(client);
    onError(error);
  });
  let connections = 0;
  client.on("ready", () => {
    connections++;
    refusals.delete(client);
  });
  // The client goes on trying by itself; until it succeeds every command says that Redis is away.
  await client.connect().catch((error: unknown) => {
    const refusal = redisFailure(latest ?? error);
    if (!(refusal instanceof Fatal || refusal instanceof AccessRefused)) return;
    client.disconnect();
    throw refusal;
  });
  return {
    client,
    connections: () => connections,
    ping: async () => {
      await reaching(client, () => client.ping());
    },
    close: () => client.disconnect(),
  };
};

/** ioredis copies these for each connection it opens, and so has the files as they are then. */
const renewedTls = (files: TlsFiles) => {
  const read = tlsReader(files);
  read();
  const options = {};
  for (const part of ["ca", "cert", "key"] as const)
    if (files[part] !== undefined) Object.defineProperty(options, part, { enumerable: true, get: () => read()[part] });
  return options;
};

/**
 * Redis answers, and has no memory left for what it is asked to keep. It holds like something that is away, and is named as what
 * it is. The gate itself needs some hundred bytes a coupon of this week, and 32 a request in flight.
 */
export class RedisFull extends PipelineError {
  override readonly code = "REDIS_FULL";
  override readonly disposition = "unavailable";
  constructor(message: string, options?: ErrorOptions) {
    super(
      `redis is full (${message}): raise its maxmemory, or remove what else is in it; \`sluice doctor\` says how much there is`,
      options,
    );
  }
}

/** Redis puts its error's code first in the text; there is no other place to find it. */
const isReadOnly = (error: Error): boolean => error.message.startsWith("READONLY");

/**
 * Why Redis let a client in no more, by the latest attempt to connect. Commands that meet no connection say only that there is
 * none ("Stream isn't writeable"), which sounds like an outage and hides that the password was changed.
 */
const refusals = new WeakMap<Redis, AccessRefused>();

/**
 * Runs a command of a client. Whether one that failed took effect is unknown, which is why every script may run again.
 * @throws Unavailable @throws AccessRefused @throws RedisFull @throws Poison @throws Fatal as error-table.ts has it
 */
export const reaching = async <T>(client: Redis, command: () => Promise<T>): Promise<T> => {
  try {
    return await command();
  } catch (error) {
    const failure = redisFailure(error);
    throw (failure instanceof Unavailable && refusals.get(client)) || failure;
  }
};

/** The pipeline's error for what a command threw: by the reply's code, and away where there was no reply. */
export const redisFailure = (error: unknown): PipelineError => {
  if (error instanceof PipelineError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const because = { cause: error };
  if (!(error instanceof Error) || error.name !== "ReplyError") return new Unavailable("redis", text, because);
  const { code, means } = redisErrorOf(text);
  switch (means) {
    case "away":
      return code === "OOM" ? new RedisFull(text, because) : new Unavailable("redis", text, because);
    case "refused":
      return new AccessRefused(
        "redis",
        `REDIS_${code}`,
        `Redis refuses us: ${text}; check user and password of SLUICE_REDIS_URL, what its user may do there (ACL), and which commands and how many that Redis allows`,
        because,
      );
    case "fatal":
      return new Fatal(`REDIS_${code}`, `Redis refuses us: ${text}`, because);
    case "poison":
      return new Poison(`REDIS_${code}`, `a key of the gate is not what the gate wrote: ${text}`, because);
  }
};
