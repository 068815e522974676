/** The health server of a process: /live, /ready, /holds, /repairs and /metrics. It asks nobody who they are, so let only probes and scrapes reach it. */
import Fastify from "fastify";
import type { Registry } from "prom-client";
import { listening } from "./listening.ts";
import type { Readiness } from "../../readiness.ts";
import type { Repair } from "../../repairs.ts";
import type { Hold } from "../../worker/failures/holds.ts";

/** A running health server. */
export interface HealthServer {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** What it answers from. */
export interface HealthOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The setting or option that says the port; `SLUICE_HEALTH_PORT` where not given. */
  readonly portSetting?: string | undefined;
  readonly registry: Registry;
  readonly ready: () => Readiness;
  /** What its calls wait for; nothing where not given. */
  readonly holding?: (() => readonly Hold[]) | undefined;
  /** What it set right lately; nothing where not given. */
  readonly repairs?: (() => readonly Repair[]) | undefined;
}

/** Starts it. @throws CliError (CANNOT_LISTEN) as where the port is taken. */
export const serveHealth = async ({
  host,
  port,
  portSetting = "SLUICE_HEALTH_PORT",
  registry,
  ready,
  holding = () => [],
  repairs = () => [],
}: HealthOptions): Promise<HealthServer> => {
  const server = Fastify({ forceCloseConnections: true });
  server.get("/live", () => ({ ok: true }));
  server.get("/ready", (_request, reply) => {
    const answer = ready();
    return reply.status(answer.ok ? 200 : 503).send(answer);
  });
  // Before the grace time of /ready has passed, and in fields: since when each call waits, and for what.
  server.get("/holds", () => holding());
  server.get("/repairs", () => repairs());
  server.get("/metrics", async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  const settings = { host: "SLUICE_HEALTH_HOST", port: portSetting };
  const address = await listening({ host, port, settings }, () => server.listen({ host, port }));
  return { port: Number(new URL(address).port), close: () => server.close() };
};
