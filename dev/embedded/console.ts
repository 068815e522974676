/** The console of the embedded system: what runs and its health, from memory. What it would read from stores is not there. */
import { hostname } from "node:os";
import { Registry } from "prom-client";
import { silentLogger } from "../../engine/logger.ts";
import { CliError } from "../../engine/app/cli.ts";
import type { Running } from "../../engine/app/define-app.ts";
import type { LettersData } from "../../engine/app/console/letters.ts";
import type { ConsoleData } from "../../engine/app/console/open-data.ts";
import { startConsole } from "../../engine/app/console/start-console.ts";
import { engineVersion } from "../../engine/app/version.ts";
import type { LiveSources } from "../../engine/console/live/live.ts";
import { samplesOf } from "../../engine/console/live/samples.ts";
import type { ListedProcess } from "../../engine/deploy/processes.ts";
import { unrecordedDeployments } from "../../engine/deploy/unrecorded.ts";
import { shopConsole } from "../../ops/console/shop-console.ts";
import { app } from "../../sluice.config.ts";
import { choosePorts, reservePorts } from "../stack/ports.ts";
import type { EmbeddedSystem, Part } from "./system.ts";

/** The console's own port, where it is free. */
const preferredPort = 8_095;

/** A console, and the address that logs in to it now. */
export interface EmbeddedConsole {
  readonly running: Running;
  readonly address: () => string;
}

/** Starts it. The page of stories is not among its pages: it reads the database. */
export const startEmbeddedConsole = async (system: EmbeddedSystem): Promise<EmbeddedConsole> => {
  let address = "";
  const { pages: _, ...additions } = shopConsole;
  const reservations = reservePorts(new Set());
  const wanted = [{ key: "console", preferred: preferredPort }];
  const ports = await choosePorts(wanted, { isFree: reservations.isFree, start: Math.random() });
  reservations.release();
  const running = await startConsole(
    { ...app, console: additions },
    { config: system.config, logger: silentLogger, registry: new Registry() },
    {
      ...{ host: "127.0.0.1", port: ports["console"] ?? 0, terminalRole: "viewer" as const },
      tell: (told) => {
        address = told;
      },
    },
    async () => dataOf(system),
  );
  return { running, address: () => address };
};

const dataOf = ({ parts }: EmbeddedSystem): ConsoleData => ({
  live: liveOf(parts),
  deployments: unrecordedDeployments(async () => []),
  letters: nowhere,
  plan: notHere,
  close: async () => {},
});

const notHere = (): Promise<never> =>
  Promise.reject(
    new CliError(
      "this is the embedded system, which keeps nothing: there is nothing to deploy, and no dead letter to replay",
      {
        code: "NOT_EMBEDDED",
        fix: "Next: npm start",
      },
    ),
  );

const nowhere: LettersData = {
  ...{ look: notHere, list: notHere, show: notHere, plan: notHere, replay: notHere, discard: notHere, ask: notHere },
  close: async () => {},
};

/** Every part as if it were a process: they share one, and its memory. */
const liveOf = (parts: readonly Part[]): LiveSources => {
  const startedAt = Date.now();
  return {
    described: {
      topologies: app.topologies.map(({ topology }) => topology.graph),
      outboxes: (app.outboxes ?? []).map(({ drawn }) => drawn),
      figures: shopConsole.figures ?? [],
    },
    processes: async () => parts.map((part) => listed(part, startedAt)),
    deployed: async () => new Map(app.topologies.map(({ topology }) => [topology.graph.name, topology.hash])),
    ask: async (process, now) => {
      const part = parts.find(({ name }) => name === process.id);
      const atMs = now();
      if (part === undefined) return { process, atMs, answer: { why: "it has ended" } };
      const { ready, holding = () => [] } = part.running;
      const samples = samplesOf(await part.registry.metrics());
      return { process, atMs, answer: { ready: ready(), holds: holding(), samples } };
    },
  };
};

const listed = ({ name, running }: Part, startedAt: number): ListedProcess => {
  const { kind = name, subject = null, hash = null } = running.listedAs ?? {};
  const about = { version: engineVersion(), host: hostname(), pid: process.pid, healthUrl: "in this process" };
  return { id: name, kind, subject, hash, ...about, startedAt, silentMs: 0 };
};
