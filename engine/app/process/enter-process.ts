/**
 * Enters a process in the list of those that run, and keeps it there by a heartbeat. The store may be away, slow, or without the
 * table: the process does its work all the same, is as ready as it is, and stops as fast.
 */
import { randomUUID } from "node:crypto";
import { hostname, type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { type Clock, systemClock } from "../../clock.ts";
import type { OpenProcesses, ProcessEntry } from "../../deploy/processes.ts";
import { errorFields, type Logger } from "../../logger.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App, ListedAs } from "../define-app.ts";
import { engineVersion } from "../version.ts";

/** Between two heartbeats, ms. */
export const beatEveryMs = 5_000;
/** How long leaving may take, ms: less than anybody notices of a stop. */
const leaveMs = 1_000;

/** A process that enters itself until it is closed. */
export interface Entered {
  /** Ends the heartbeat, and takes the process out of the list where it `leaves`. Never rejects; a second at most. */
  readonly close: (how: { readonly leaves: boolean }) => Promise<void>;
}

/** Begins to enter this process, where its application has a list and it is to be in it. */
export const enterProcess = <Config extends EngineConfig>(
  { processes: open }: Pick<App<Config>, "processes">,
  {
    config,
    logger,
    listedAs,
    host,
    port,
  }: {
    readonly config: Config;
    readonly logger: Logger;
    readonly listedAs: ListedAs | undefined;
    /** Where its health is served. */
    readonly host: string;
    readonly port: number;
  },
): Entered => {
  if (open === undefined || listedAs === undefined) return { close: async () => {} };
  const { kind, subject = null, hash = null } = listedAs;
  const healthUrl = `http://${reachableHost(host, networkInterfaces())}:${port}`;
  const about = { version: engineVersion(), host: hostname(), pid: process.pid };
  return keepEntered(
    () => open(config),
    { id: randomUUID(), kind, subject, hash, ...about, healthUrl },
    {
      clock: systemClock,
      logger,
    },
  );
};

/** Enters until it is closed. */
export const keepEntered = (
  open: () => Promise<OpenProcesses>,
  entry: ProcessEntry,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Entered => {
  const stopping = new AbortController();
  let store: OpenProcesses | undefined;
  let isUnlisted = false;
  const beat = async (): Promise<void> => {
    try {
      store ??= await open();
      await store.processes.beat(entry);
      if (isUnlisted) logger.info({ event: "process.listed" }, "in the list of processes again");
      isUnlisted = false;
    } catch (error) {
      // An outage is one story.
      if (!isUnlisted)
        logger.warn({ event: "process.unlisted", ...errorFields(error) }, "not in the list of processes; it works on");
      isUnlisted = true;
    }
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await beat();
      await clock.sleep(beatEveryMs, stopping.signal);
    }
  };
  const running = run();
  const leave = async (leaves: boolean): Promise<void> => {
    // A beat that is under way would enter it again.
    await running;
    if (leaves) await store?.processes.leave(entry.id).catch(() => {});
    await store?.close();
  };
  return {
    close: async ({ leaves }) => {
      stopping.abort();
      const ended = new AbortController();
      const left = leave(leaves)
        .catch(() => {})
        .finally(() => ended.abort());
      await Promise.race([left, clock.sleep(leaveMs, ended.signal)]);
    },
  };
};

/** The `list` of processes is read elsewhere, where "every interface" is no address: the first one that leads to this machine. */
export const reachableHost = (
  host: string,
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
): string => {
  if (host.includes(":") && host !== "::") return `[${host}]`;
  if (host !== "0.0.0.0" && host !== "::") return host;
  const outside = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4");
  return outside?.address ?? "127.0.0.1";
};
