/** In development, a process without addresses uses the stack that is up, and says where it is scraped if that is watched. */
import { exitCodes } from "../engine/app/cli.ts";
import { endpointsEnv } from "./stack/endpoints.ts";
import { defaultStackName, type Layout, layoutOf } from "./stack/layout.ts";
import { freePort } from "./stack/ports.ts";
import { readEndpoints } from "./stack/status.ts";
import { stackOfBrokers } from "./stack/watch/stack-of-brokers.ts";
import { announceTarget, isWatched, serviceOfCommand } from "./stack/watch/targets.ts";

const addresses = ["SLUICE_BROKERS", "SLUICE_REGISTRY_URL", "SLUICE_DATABASE_URL", "SLUICE_REDIS_URL"] as const;

type Variables = Readonly<Record<string, string | undefined>>;

/** The kind of this process, where it is scraped. */
const scrapedAs = (): string | undefined => serviceOfCommand(process.argv.slice(2));

/**
 * The environment, with the addresses of the stack named `demo` where none is given and it is up. Where those of another stack are
 * given (`stack env --name`) that is the one in which it is scraped. Production is left unchanged, and so is a process whose parent
 * says where it is scraped.
 */
export const developmentEnvironment = async (env: Variables): Promise<Variables> => {
  const given = addresses.some((name) => env[name] !== undefined || env[`${name}_FILE`] !== undefined);
  if (env["SLUICE_ENV"] === "production") return env;
  if (given) {
    // Most commands are scraped nowhere, and need not know whose addresses they have.
    if (env["SLUICE_STACK"] !== undefined || scrapedAs() === undefined) return env;
    const layout = await stackOfBrokers(env["SLUICE_BROKERS"]);
    return layout === undefined ? env : watched(layout, env);
  }
  // Where no stack is up the addresses stay unset, and are named with every other mistake of the configuration.
  return readEndpoints().then(
    (endpoints) => watched(layoutOf(defaultStackName), { ...env, ...endpointsEnv(endpoints) }),
    () => env,
  );
};

/** The environment of a process that is scraped has its health port, which is not known otherwise until it listens. */
const watched = async (layout: Layout, env: Variables): Promise<Variables> => {
  const service = scrapedAs();
  if (service === undefined || !isWatched(layout)) return env;
  const given = Number(env["SLUICE_HEALTH_PORT"] ?? 0);
  const healthPort = given > 0 ? given : await freePort();
  const withdraw = announceTarget(layout, { pid: process.pid, service, healthPort });
  const inOrder: readonly number[] = [exitCodes.done, exitCodes.interrupted];
  process.once("exit", (code) => inOrder.includes(code) && withdraw());
  return { ...env, SLUICE_HEALTH_PORT: String(healthPort) };
};

/** Whether the development stack is up, or says so. */
export const isUp = (): Promise<boolean> =>
  readEndpoints().then(
    () => true,
    () => false,
  );
