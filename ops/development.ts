/** In development, a process that is told no addresses finds the stack that is up. */
import { endpointsEnv } from "./stack/endpoints.ts";
import { readEndpoints } from "./stack/status.ts";

const addresses = ["SLUICE_BROKERS", "SLUICE_REGISTRY_URL", "SLUICE_DATABASE_URL", "SLUICE_REDIS_URL"] as const;

/**
 * The environment, with the addresses of the stack named `demo` where none is given. Production is left alone.
 * @throws CliError where no address is given and no stack is up, saying how to start one.
 */
export const developmentEnvironment = async (
  env: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string | undefined>>> => {
  const told = addresses.some((name) => env[name] !== undefined || env[`${name}_FILE`] !== undefined);
  if (env["SLUICE_ENV"] === "production" || told) return env;
  return { ...env, ...endpointsEnv(await readEndpoints()) };
};

/** Whether the development stack is up, or says so. */
export const isUp = (): Promise<boolean> =>
  readEndpoints().then(
    () => true,
    () => false,
  );
