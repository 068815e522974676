/** Debian's exporters of Redis and of the database, where they are installed: they serve the names that dashboards and rules use. */
import { spawn, spawnSync } from "node:child_process";
import type { StackEndpoints } from "../../dev/stack/endpoints.ts";
import { freePort } from "../../dev/stack/ports.ts";
import { endChild } from "./end-child.ts";
import type { Target } from "./prometheus.ts";
import { until } from "./stack-under-test.ts";

/** An exporter at work. */
export interface Exporter {
  readonly target: Target;
  readonly stop: () => Promise<void>;
}

/** How each is started. Its password goes into its environment, which others do not see. */
const plans = {
  redis: {
    program: "prometheus-redis-exporter",
    args: ({ redisUrl }: StackEndpoints) => [`-redis.addr=${redisUrl}`],
    env: () => ({}),
  },
  mysqld: {
    program: "prometheus-mysqld-exporter",
    // The shop's user may not see replicas.
    args: () => ["--no-collect.slave_status"],
    env: ({ databaseUrl }: StackEndpoints) => {
      const { username, password, host, pathname } = new URL(databaseUrl);
      return { DATA_SOURCE_NAME: `${username}:${password}@tcp(${host})${pathname}` };
    },
  },
} as const;

/** Starts one; undefined where it is not installed. @throws Error where it does not answer within a minute */
export const startDebianExporter = async (
  job: keyof typeof plans,
  endpoints: StackEndpoints,
): Promise<Exporter | undefined> => {
  const { program, args, env } = plans[job];
  if (spawnSync(program, ["--version"]).error !== undefined) return undefined;
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(program, [...args(endpoints), `--web.listen-address=${address}`], {
    env: { PATH: process.env["PATH"], ...env(endpoints) },
    stdio: "ignore",
  });
  const stop = (): Promise<void> => endChild(child);
  try {
    await until(
      `${program} answers`,
      async () => (await fetch(`http://${address}/metrics`).catch(() => undefined))?.ok === true,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { target: { job, service: job, healthUrl: `http://${address}` }, stop };
};
