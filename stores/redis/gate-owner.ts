/**
 * Whose gate a Redis is. Counters and marks are kept by coupon alone, so two databases with one Redis would set each other's
 * counters. One key says which database it serves.
 */
import { StartRefused } from "../../engine/errors.ts";
import { type RedisConnection, reaching } from "./connection.ts";
import { runScript, script } from "./script.ts";

/** Holds the identity of the database. It never expires. */
export const gateOwnerKey = "sluice:gate-owner";

/** Sets the owner where there is none, and answers who it is: two that start at once agree on one. */
const claimScript = script(`
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
`);

/**
 * Makes this Redis the gate of a database, or refuses. A Redis that is new or was flushed has no owner, and is claimed
 * by whoever asks first. A claim whose answer was lost may have taken effect: it may run again.
 * @throws StartRefused (GATE_OF_OTHER_DATABASE) @throws Unavailable
 */
export const claimGate = async ({ client }: RedisConnection, databaseId: string): Promise<void> => {
  refuseOther(await runScript(client, claimScript, { keys: [gateOwnerKey], values: [databaseId] }), databaseId);
};

/** As {@link claimGate}, and changes nothing: for what only looks. A gate without an owner passes. */
export const checkGate = async ({ client }: RedisConnection, databaseId: string): Promise<void> => {
  const owner = await reaching(() => client.get(gateOwnerKey));
  if (owner !== null) refuseOther(owner, databaseId);
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
