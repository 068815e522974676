/** A real Alertmanager of a test's own: Debian's binary and our routes, which knows what somebody would be told. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../dev/stack/ports.ts";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import { startProgram } from "./program.ts";

/** An Alertmanager at work. */
export interface Alertmanager {
  /** `127.0.0.1:9093`, as Prometheus' configuration takes it. */
  readonly address: string;
  /** Names of the alerts of a severity that it has and that no other one inhibits, each once, in order. */
  readonly told: (severity: "page" | "ticket") => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
}

/** Starts it. @throws Error where it is not ready within a minute */
export const startAlertmanager = async (): Promise<Alertmanager> => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-alertmanager-"));
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const stop = await startProgram({
    program: "prometheus-alertmanager",
    args: [
      `--config.file=${join(repositoryRoot, "deploy/monitoring/alertmanager/alertmanager.yml")}`,
      `--storage.path=${folder}`,
      `--web.listen-address=${address}`,
      // Alone: without it, it listens for others on all addresses.
      "--cluster.listen-address=",
      "--log.level=warn",
    ],
    ...{ readyUrl: `${url}/-/ready`, isHeard: true },
    afterwards: () => rmSync(folder, { recursive: true, force: true }),
  });
  const told: Alertmanager["told"] = async (severity) => {
    const asked = new URLSearchParams({ inhibited: "false", filter: `severity="${severity}"` });
    const response = await fetch(`${url}/api/v2/alerts?${asked}`);
    // Its API's words.
    const alerts = (await response.json()) as readonly { readonly labels: Readonly<Record<string, string>> }[];
    return [...new Set(alerts.map(({ labels }) => labels["alertname"] ?? ""))].toSorted();
  };
  return { address, told, stop };
};
