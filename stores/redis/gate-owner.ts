/**
 * Whose gate a Redis is. Counters and marks are kept by coupon alone, so two databases with one Redis would set each other's
 * counters. One key says which database it serves.
 */
import { Poison, StartRefused } from "../../engine/errors.ts";
import type { Redis } from "./ioredis.ts";
import { type RedisConnection, reaching } from "./connection.ts";
import { runScript, script } from "./script.ts";
import { foreignKey } from "./stock-key.ts";

/** Holds the identity of the database. It never expires. */
export const gateOwnerKey = "sluice:gate-owner";

/**
 * Sets the owner where there is none, and answers who it is: two that start at once agree on one. Writes only then, so that a
 * worker starts on a Redis that is full: its rounds hold, and `/ready` says why.
 */
const claimScript = script(`
local owner = redis.call('GET', KEYS[1])
if owner then return owner end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
`);

/**
 * Makes this Redis the gate of a database, or refuses. A Redis that is new or was flushed has no owner, and is claimed
 * by whoever asks first. A claim whose answer was lost may have taken effect: it may run again.
 * @throws StartRefused (GATE_OF_OTHER_DATABASE, REDIS_CLUSTER) @throws GateOwnerUnreadable @throws Unavailable
 */
export const claimGate = async ({ client }: RedisConnection, databaseId: string): Promise<void> => {
  await refuseCluster(client);
  const claim = { keys: [gateOwnerKey], values: [databaseId] };
  refuseOther(await ownerBy(() => runScript(client, claimScript, claim)), databaseId);
};

/** As {@link claimGate}, and changes nothing: for what only looks. A gate without an owner passes. */
export const checkGate = async ({ client }: RedisConnection, databaseId: string): Promise<void> => {
  await refuseCluster(client);
  const owner = await ownerBy(() => reaching(client, () => client.get(gateOwnerKey)));
  if (owner !== null) refuseOther(owner, databaseId);
};

/**
 * The key of the owner holds what is no text, so nobody knows whose gate this is, and nobody may start on it. Whoever has claimed
 * it goes on: a key that somebody overwrote says nothing about another database.
 */
export class GateOwnerUnreadable extends StartRefused {
  constructor(options: ErrorOptions) {
    super(
      "GATE_OWNER_UNREADABLE",
      `${foreignKey(gateOwnerKey)}. It should hold the identity of the database that this Redis serves, and is written by the ` +
        "next worker that starts; workers of another database must not use this Redis meanwhile",
      options,
    );
  }
}

/** The key is no coupon's: what a script says of a wrong key would be untrue of it. */
const ownerBy = async <T>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof Poison ? new GateOwnerUnreadable({ cause: error }) : error;
  }
};

/** Clients whose Redis is known to be no cluster: it cannot become one while it runs. */
const single = new WeakSet<Redis>();

/**
 * A script of the gate takes the keys of a thousand coupons, and a cluster has them in as many slots: the first round would
 * fail, and each one after it. One server is enough: it serves some hundred thousand takes a second.
 */
const refuseCluster = async (client: Redis): Promise<void> => {
  if (single.has(client)) return;
  const info = await reaching(client, () => client.info("cluster"));
  if (/^cluster_enabled:1\r?$/m.test(info)) {
    throw new StartRefused(
      "REDIS_CLUSTER",
      "SLUICE_REDIS_URL leads to a Redis Cluster, which the gate does not support: its scripts need all coupons on one server. " +
        "Give it a Redis with cluster-enabled no (a replica and Sentinel, or a managed one with cluster mode disabled)",
    );
  }
  single.add(client);
};

const refuseOther = (owner: unknown, databaseId: string): void => {
  if (owner === databaseId) return;
  throw new StartRefused(
    "GATE_OF_OTHER_DATABASE",
    `this Redis serves another database: its ${gateOwnerKey} is ${String(owner)}, expected ${databaseId}. ` +
      "Check SLUICE_REDIS_URL and SLUICE_DATABASE_URL. Give each database a Redis, or a logical database (redis://host:6379/1), of its own; " +
      `where this database replaces the other, stop the other's workers, then flush this Redis (FLUSHDB): counters are read from the database again`,
  );
};
