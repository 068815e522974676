/**
 * Our processes say where they are scraped, by a file each that Prometheus looks for. One that ends in order takes its file
 * away; one that is killed leaves it, so that its target is down, which is what an alert is for.
 */
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Layout } from "../layout.ts";
import { targetsFolder } from "./watchers.ts";

/** One process. */
export interface Target {
  readonly pid: number;
  /** Which kind it is, as in deploy/monitoring. */
  readonly service: string;
  readonly healthPort: number;
}

/** Whether somebody watches the stack. */
export const isWatched = (layout: Layout): boolean => existsSync(targetsFolder(layout));

/**
 * Says where a process is; answers what takes that back. It takes the place of those of its kind that were killed. Does nothing
 * where nobody watches.
 */
export const announceTarget = (layout: Layout, { pid, service, healthPort }: Target): (() => void) => {
  if (!isWatched(layout)) return () => undefined;
  const folder = targetsFolder(layout);
  for (const name of readdirSync(folder)) {
    const [, kind, former] = targetFile.exec(name) ?? [];
    if (kind === service && !isAlive(Number(former))) rmSync(join(folder, name), { force: true });
  }
  const file = join(folder, `${service}.${pid}.json`);
  const content = [{ targets: [`127.0.0.1:${healthPort}`], labels: { service } }];
  // Whole or not at all: Prometheus reads it as soon as it changes. The name of the new one is none that it looks for.
  writeFileSync(`${file}.new`, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return () => rmSync(file, { force: true });
};

const targetFile = /^([a-z]+)\.(\d+)\.json$/;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** The kind of a process by its command line, as its service in compose is called. */
export const serviceOfCommand = (args: readonly string[]): string | undefined => {
  const [command, ...rest] = args;
  const topology = rest[rest.indexOf("--topology") + 1];
  if (command === "worker")
    return rest.includes("--topology") && topology !== undefined ? (workers.get(topology) ?? "worker") : "worker";
  if (command === "verify") return rest.includes("--watch") ? "verify" : undefined;
  return command === "api" || command === "relay" || command === "console" ? command : undefined;
};

const workers: ReadonlyMap<string, string> = new Map([
  ["transaction-history", "history"],
  ["external-data", "delivery"],
]);
