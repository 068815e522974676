/** A real Prometheus of a test's own: Debian's binary, our rules, and processes of ours as its targets. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { documentOf, type RuleDocument } from "../../dev/monitoring/rules/rule.ts";
import { ruleFiles } from "../../dev/monitoring/rules/rule-files.ts";
import { freePort } from "../../dev/stack/ports.ts";
import { startProgram } from "./program.ts";

/** A process that is scraped. */
export interface Target {
  /** `sluice` where not given. */
  readonly job?: string;
  /** `relay`: the label `service`. */
  readonly service: string;
  /** Its health address, `http://127.0.0.1:...`. */
  readonly healthUrl: string;
}

/** A series of an answer. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [at: number, value: string])[];
}

/** An alert that is pending or fires. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: "pending" | "firing";
}

/** A Prometheus at work. */
export interface Prometheus {
  readonly url: string;
  /** What is scraped from now on; it looks within a second. */
  readonly setTargets: (targets: readonly Target[]) => void;
  /** Series of the last `minutes`, in steps of 5 s. @throws Error with its words where it refuses the expression */
  readonly range: (expr: string, minutes: number) => Promise<readonly Series[]>;
  readonly alerts: () => Promise<readonly ActiveAlert[]>;
  /** The names of the alerts that fire, each once, in order. */
  readonly firing: () => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
}

/** The rules' own times, for people, over those of a test. */
const quickening = 10;

/** Starts it, scraping and evaluating every second, for an Alertmanager. @throws Error where it is not ready within a minute */
export const startPrometheus = async (alertmanager: string): Promise<Prometheus> => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-prometheus-"));
  const targetsFile = join(folder, "targets.json");
  writeConfiguration(folder, targetsFile, alertmanager);
  const http = await freePort();
  const url = `http://127.0.0.1:${http}`;
  const stop = await startProgram({
    program: "prometheus",
    args: [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${http}`,
      "--log.level=warn",
    ],
    ...{ readyUrl: `${url}/-/ready`, isHeard: true },
    afterwards: () => rmSync(folder, { recursive: true, force: true }),
  });
  return { ...clientOf(url), url, setTargets: targetsWriter(targetsFile), stop };
};

const writeConfiguration = (folder: string, targetsFile: string, alertmanager: string): void => {
  mkdirSync(join(folder, "rules"));
  for (const [name, groups] of Object.entries(ruleFiles)) {
    const quick = documentOf(groups).groups.map((group) => ({
      ...group,
      rules: (group["rules"] as readonly RuleDocument[]).map(sooner),
    }));
    writeFileSync(join(folder, "rules", name), stringify({ groups: quick }, { aliasDuplicateObjects: false }));
  }
  writeFileSync(targetsFile, "[]");
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: ["rules/*.yml"],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [{ job_name: "sluice", file_sd_configs: [{ files: [targetsFile], refresh_interval: "1s" }] }],
  };
  writeFileSync(join(folder, "prometheus.yml"), stringify(config));
};

/** A rule that waits a tenth of its time before it fires. */
const sooner = (rule: RuleDocument): RuleDocument => {
  const [, count, unit] = /^(\d+)([smh])$/.exec(String(rule["for"])) ?? [];
  if (count === undefined) return rule;
  const seconds = Number(count) * ({ s: 1, m: 60, h: 3_600 }[unit ?? "s"] ?? 1);
  return { ...rule, for: `${Math.ceil(seconds / quickening)}s` };
};

const targetsWriter =
  (file: string): Prometheus["setTargets"] =>
  (targets) => {
    // A label of a target counts more than the name of its job.
    const groups = targets.map(({ job, service, healthUrl }) => ({
      targets: [new URL(healthUrl).host],
      labels: { service, ...(job !== undefined && { job }) },
    }));
    // Whole or not at all: it reads the file when it changes.
    writeFileSync(`${file}.new`, JSON.stringify(groups));
    renameSync(`${file}.new`, file);
  };

const clientOf = (url: string): Pick<Prometheus, "range" | "alerts" | "firing"> => {
  const ask = async (path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = (await response.json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data: unknown;
    };
    if (answer.status !== "success") throw new Error(`${parameters["query"] ?? path}: ${answer.error}`);
    return answer.data;
  };
  const alerts: Prometheus["alerts"] = async () =>
    // Its API's words.
    ((await ask("alerts", {})) as { readonly alerts: readonly ActiveAlert[] }).alerts;
  return {
    alerts,
    range: async (query, minutes) => {
      const end = Date.now() / 1_000;
      const asked = { query, start: String(end - minutes * 60), end: String(end), step: "5" };
      return ((await ask("query_range", asked)) as { readonly result: readonly Series[] }).result;
    },
    firing: async () => {
      const firing = (await alerts()).filter(({ state }) => state === "firing");
      return [...new Set(firing.map(({ labels }) => labels["alertname"] ?? ""))].toSorted();
    },
  };
};
