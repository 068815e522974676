/** In development, a process without addresses uses the stack that is up. */
import { endpointsEnv } from "./stack/endpoints.ts";
import { readEndpoints } from "./stack/status.ts";

const addresses = ["SLUICE_BROKERS", "SLUICE_REGISTRY_URL", "SLUICE_DATABASE_URL", "SLUICE_REDIS_URL"] as const;

/**
 * The environment, with the addresses of the stack named `demo` where none is given and it is up. Production is left unchanged.
 */
export const developmentEnvironment = async (
  env: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string | undefined>>> => {
  const given = addresses.some((name) => env[name] !== undefined || env[`${name}_FILE`] !== undefined);
  if (env["SLUICE_ENV"] === "production" || given) return env;
  // Where no stack is up the addresses stay unset, and are named with every other mistake of the configuration.
  return readEndpoints().then(
    (endpoints) => ({ ...env, ...endpointsEnv(endpoints) }),
    () => env,
  );
};

/** Whether the development stack is up, or says so. */
export const isUp = (): Promise<boolean> =>
  readEndpoints().then(
    () => true,
    () => false,
  );
