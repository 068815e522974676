/** Where the real stores are that the integration tests use. */

const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new Error(`${name} is not set: these tests need a running stack (npm run sluice -- stack env)`);
  }
  return value;
};

/** The database's URL. */
export const databaseUrl = (): string => required("SLUICE_DATABASE_URL");

/** A URL of the same Redis with a logical database of the caller's own, so that a test may flush it. */
export const redisUrl = (logicalDatabase: number): string => {
  const url = new URL(required("SLUICE_REDIS_URL"));
  url.pathname = `/${logicalDatabase}`;
  return url.href;
};
