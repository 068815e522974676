/** In development, a process without addresses uses the stack that is up, and says where it is scraped if that is watched. */
import { exitCodes } from "../engine/app/cli.ts";
import { endpointsEnv } from "./stack/endpoints.ts";
import { defaultStackName, type Layout, layoutOf } from "./stack/layout.ts";
import { choosePorts, reservePorts } from "./stack/ports.ts";
import { readEndpoints } from "./stack/status.ts";
import { stackOfBrokers } from "./stack/watch/stack-of-brokers.ts";
import { announceTarget, isWatched, serviceOfCommand } from "./stack/watch/targets.ts";

const addresses = ["SLUICE_BROKERS", "SLUICE_REGISTRY_URL", "SLUICE_DATABASE_URL", "SLUICE_REDIS_URL"] as const;

/**
 * The environment, with the addresses of the stack named `demo` where none is given and it is up. Where those of another stack are
 * given (`stack env --name`) that is the one in which it is scraped. Production is left unchanged, and so is a process whose parent
 * says where it is scraped.
 */
export const developmentEnvironment = async (
  env: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string | undefined>>> => {
  const given = addresses.some((name) => env[name] !== undefined || env[`${name}_FILE`] !== undefined);
  if (env["SLUICE_ENV"] === "production") return env;
  if (given) {
    const layout = env["SLUICE_STACK"] === undefined ? await stackOfBrokers(env["SLUICE_BROKERS"]) : undefined;
    return layout === undefined ? env : watched(layout, env);
  }
  // Where no stack is up the addresses stay unset, and are named with every other mistake of the configuration.
  return readEndpoints().then(
    (endpoints) => watched(layoutOf(defaultStackName), { ...env, ...endpointsEnv(endpoints) }),
    () => env,
  );
};

type Variables = Readonly<Record<string, string | undefined>>;

/** The environment of a process that is scraped has its health port, which is not known otherwise until it listens. */
const watched = async (layout: Layout, env: Variables): Promise<Variables> => {
  const service = serviceOfCommand(process.argv.slice(2));
  if (service === undefined || !isWatched(layout)) return env;
  const given = Number(env["SLUICE_HEALTH_PORT"] ?? 0);
  const healthPort = given > 0 ? given : await freePort();
  const withdraw = announceTarget(layout, { pid: process.pid, service, healthPort });
  const inOrder: readonly number[] = [exitCodes.done, exitCodes.interrupted];
  process.once("exit", (code) => inOrder.includes(code) && withdraw());
  return { ...env, SLUICE_HEALTH_PORT: String(healthPort) };
};

const freePort = async (): Promise<number> => {
  const reservations = reservePorts(new Set());
  const { health = 0 } = await choosePorts([{ key: "health" }], { isFree: reservations.isFree, start: Math.random() });
  reservations.release();
  return health;
};

/** Whether the development stack is up, or says so. */
export const isUp = (): Promise<boolean> =>
  readEndpoints().then(
    () => true,
    () => false,
  );
