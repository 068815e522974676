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
  const pages = (app.console?.pages ?? []).map((page) => ({ ...page, answer: notHere(`what ${page.title} shows`) }));
  const shown = { ...app, console: { ...app.console, pages } };
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
    letters,
    plan: notHere("what is deployed, and with which schemas,"),
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

/** What every page answers that reads brokers or a database: that it is not there, and how one gets it. */
const notHere = (what: string) => async (): Promise<never> => {
  throw new CliError(`${what} is read from brokers, registry and database, and the embedded system has none of them`, {
    code: "NOT_EMBEDDED",
    fix: "With them it is all there: npm start, and the console that it names. It names what this machine lacks for it, too.",
  });
};

const noLetters = notHere("what became of dead letters");

const letters: LettersData = {
  ...{ look: noLetters, list: noLetters, show: noLetters, plan: noLetters },
  ...{ replay: noLetters, resume: noLetters, discard: noLetters, ask: noLetters },
  close: async () => {},
};
