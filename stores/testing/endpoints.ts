/** Where the real stores are that the integration tests use. */
import { addressOf } from "../../engine/testing/address.ts";

/** The database's URL. */
export const databaseUrl = (): string => addressOf("SLUICE_DATABASE_URL");

/** A URL of the same Redis with a logical database of the caller's own, so that a test may flush it. */
export const redisUrl = (logicalDatabase: number): string => {
  const url = new URL(addressOf("SLUICE_REDIS_URL"));
  url.pathname = `/${logicalDatabase}`;
  return url.href;
};
