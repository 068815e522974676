/** Where the services of a stack are reached, and the variables by which our own processes know. */

/** The addresses of a running stack. */
export interface StackEndpoints {
  /** `host:port` of each broker. */
  readonly brokers: readonly string[];
  /** Ends in the path of the Confluent-compatible API. */
  readonly registryUrl: string;
  /** With the development user's name and password in it. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** Those of {@link endpointsEnv} that every application knows; it refuses the others, unless it declares them. */
export function engineEnv(endpoints: StackEndpoints): Readonly<Record<string, string>> {
  return { SLUICE_BROKERS: endpoints.brokers.join(","), SLUICE_REGISTRY_URL: endpoints.registryUrl };
}

/** The variables that point `sluice worker`, `sluice api` and the others at a stack. */
export function endpointsEnv(endpoints: StackEndpoints): Readonly<Record<string, string>> {
  return {
    ...engineEnv(endpoints),
    SLUICE_DATABASE_URL: endpoints.databaseUrl,
    SLUICE_REDIS_URL: endpoints.redisUrl,
  };
}
