/**
 * The console of a system in one process: what runs, live, from what its parts say themselves, because none of them has a health
 * port. Stories, dead letters and plans are read from brokers, registry and database, which are not here: their pages say so.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { CliError } from "../../engine/app/cli.ts";
import { describedOf } from "../../engine/app/console/described.ts";
import type { LettersData } from "../../engine/app/console/letters.ts";
import type { ConsoleData } from "../../engine/app/console/open-data.ts";
import { startConsole } from "../../engine/app/console/start-console.ts";
import type { Running } from "../../engine/app/define-app.ts";
import { createRegistry } from "../../engine/app/metrics/define.ts";
import { engineVersion } from "../../engine/app/version.ts";
import { samplesOf } from "../../engine/console/live/samples.ts";
import type { ListedProcess } from "../../engine/deploy/processes.ts";
import { unrecordedDeployments } from "../../engine/deploy/unrecorded.ts";
import type { Logger } from "../../engine/logger.ts";
import { app } from "../../sluice.config.ts";
import type { EmbeddedSystem, Part } from "./system.ts";

/** Where it listens, and who is told. */
export interface ConsoleUse {
  readonly logger: Logger;
  /** 0 takes any free port. */
  readonly port: number;
  /** Is told the address that logs in. */
  readonly tell: (address: string) => void;
}

/** Starts it, for whoever sees this terminal. @throws CliError (CANNOT_LISTEN) where the port is taken */
export const startEmbeddedConsole = (
  system: Pick<EmbeddedSystem, "config" | "parts">,
  { logger, port, tell }: ConsoleUse,
): Promise<Running> => {
  const { figures = [], viewerOf } = app.console ?? {};
  const shown = { ...app, console: { figures, ...(viewerOf !== undefined && { viewerOf }) } };
  const context = { config: system.config, logger, registry: createRegistry() };
  const options = { host: "127.0.0.1", port, terminalRole: "viewer", tell } as const;
  return startConsole(shown, context, options, async () => dataOf(system.parts));
};

const dataOf = (parts: readonly Part[]): ConsoleData => {
  const listed = new Map<Part, ListedProcess>();
  const entryOf = (part: Part): ListedProcess => {
    const known = listed.get(part) ?? entry(part);
    listed.set(part, known);
    return known;
  };
  return {
    live: {
      described: describedOf(app),
      processes: async () => parts.filter(({ running }) => running.listedAs !== undefined).map(entryOf),
      // What is declared is what runs.
      deployed: async () => new Map(app.topologies.map(({ topology }) => [topology.graph.name, topology.hash])),
      ask: async (process, now) => {
        const part = parts.find((one) => entryOf(one).id === process.id);
        if (part === undefined) return { process, atMs: now(), answer: { why: "it is no part of this process" } };
        const { running, registry } = part;
        const samples = samplesOf(await registry.metrics());
        const [holds, repairs] = [running.holding?.() ?? [], running.repairs?.() ?? []];
        return { process, atMs: now(), answer: { ready: running.ready(), holds, repairs, samples } };
      },
    },
    deployments: unrecordedDeployments(async () => []),
    letters: noLetters,
    plan: notHere,
    close: async () => {},
  };
};

const entry = ({ running: { listedAs } }: Part): ListedProcess => ({
  id: randomUUID(),
  kind: listedAs?.kind ?? "",
  subject: listedAs?.subject ?? null,
  hash: listedAs?.hash ?? null,
  version: engineVersion(),
  host: hostname(),
  pid: process.pid,
  healthUrl: "in this process",
  startedAt: Date.now(),
  silentMs: 0,
});

/** What every page answers that reads brokers or a database. */
const notHere = async (): Promise<never> => {
  throw new CliError("this is read from brokers, registry and database, and the embedded system has none", {
    code: "NOT_EMBEDDED",
    fix: "npm start runs the real ones; then: npm run sluice -- console",
  });
};

const noLetters: LettersData = {
  ...{ look: notHere, list: notHere, show: notHere, plan: notHere },
  ...{ replay: notHere, resume: notHere, discard: notHere, ask: notHere },
  close: async () => {},
};
