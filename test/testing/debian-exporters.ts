/** Debian's exporters of Redis and of the database, where they are installed: they serve the names that dashboards and rules use. */
import { spawnSync } from "node:child_process";
import type { StackEndpoints } from "../../dev/stack/endpoints.ts";
import { freePort } from "../../dev/stack/ports.ts";
import { exporterLaunch, watchers } from "../../dev/stack/watch/watchers.ts";
import { startProgram } from "./program.ts";
import type { Target } from "./prometheus.ts";

/** An exporter at work. */
export interface Exporter {
  readonly target: Target;
  readonly stop: () => Promise<void>;
}

/** Starts one; undefined where it is not installed. @throws Error where it does not answer within a minute */
export const startDebianExporter = async (
  job: "redis" | "mysqld",
  endpoints: StackEndpoints,
): Promise<Exporter | undefined> => {
  const name = `${job}-exporter` as const;
  const { program = "" } = watchers[name];
  if (spawnSync(program, ["--version"]).error !== undefined) return undefined;
  const port = await freePort();
  const { args, environment } = exporterLaunch(name, port, endpoints);
  const healthUrl = `http://127.0.0.1:${port}`;
  const env = { PATH: process.env["PATH"], ...environment };
  const stop = await startProgram({ program, args, env, readyUrl: `${healthUrl}/metrics`, isHeard: false });
  return { target: { job, service: job, healthUrl }, stop };
};
