/** A real Alertmanager of a test's own: Debian's binary and our routes, which knows what somebody would be told. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../dev/stack/ports.ts";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import { endChild } from "./end-child.ts";
import { until } from "./stack-under-test.ts";

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
  const child = spawn(
    "prometheus-alertmanager",
    [
      `--config.file=${join(repositoryRoot, "deploy/monitoring/alertmanager/alertmanager.yml")}`,
      `--storage.path=${folder}`,
      `--web.listen-address=${address}`,
      // Alone: without it, it listens for others on all addresses.
      "--cluster.listen-address=",
      "--log.level=warn",
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const stop = async (): Promise<void> => {
    await endChild(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://${address}`;
  try {
    await until(
      "Alertmanager is ready",
      async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const told: Alertmanager["told"] = async (severity) => {
    const asked = new URLSearchParams({ inhibited: "false", filter: `severity="${severity}"` });
    const response = await fetch(`${url}/api/v2/alerts?${asked}`);
    // Its API's words.
    const alerts = (await response.json()) as readonly { readonly labels: Readonly<Record<string, string>> }[];
    return [...new Set(alerts.map(({ labels }) => labels["alertname"] ?? ""))].toSorted();
  };
  return { address, told, stop };
};
