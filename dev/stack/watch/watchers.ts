/** What watches a stack natively: which programs of which packages, how they are started, and what Prometheus scrapes. Pure. */
import { join } from "node:path";
import { stringify } from "yaml";
import { endpointsEnv, type StackEndpoints } from "../endpoints.ts";
import type { Layout } from "../layout.ts";
import type { PortNeed } from "../ports.ts";
import type { ServicePlan } from "../services/service.ts";

/** A program that watches; `sluice-exporter` is ours and always there. */
export type WatcherName = "prometheus" | "alertmanager" | "redis-exporter" | "mysqld-exporter" | "sluice-exporter";

/** What each is as a program, which Debian package brings it, and the port it would like. */
export const watchers: Readonly<
  Record<WatcherName, { readonly program?: string; readonly package?: string; readonly port: number }>
> = {
  prometheus: { program: "prometheus", package: "prometheus", port: 9_090 },
  // Not 9093, which is a broker's in many a deployment of ours.
  alertmanager: { program: "prometheus-alertmanager", package: "prometheus-alertmanager", port: 9_094 },
  "redis-exporter": { program: "prometheus-redis-exporter", package: "prometheus-redis-exporter", port: 9_121 },
  "mysqld-exporter": { program: "prometheus-mysqld-exporter", package: "prometheus-mysqld-exporter", port: 9_104 },
  "sluice-exporter": { port: 9_308 },
};

/** What a plan is made from. */
export interface WatchInput {
  readonly layout: Layout;
  readonly endpoints: StackEndpoints;
  /** Of those that are started: where each program is; of ours Node. */
  readonly programs: Readonly<Partial<Record<WatcherName, string>>>;
  readonly ports: Readonly<Record<string, number>>;
  /** The file that Node runs as `sluice`. */
  readonly sluice: string;
  /** The folder deploy/monitoring: rules for Prometheus, and who is told of which alert. */
  readonly monitoring: string;
}

/** Watchers, decided but not started. */
export interface WatchPlan {
  readonly services: readonly ServicePlan[];
  /** Text files to write first, by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** The folder in which each of our processes says where it is scraped. */
export const targetsFolder = (layout: Layout): string => layout.config("targets");

/** The ports that watchers need. */
export const watchPortNeeds = (names: readonly WatcherName[]): readonly PortNeed[] =>
  names.map((key) => ({ key, preferred: watchers[key].port }));

/** Decides everything. */
export const planWatchers = (input: WatchInput): WatchPlan => {
  const started = (Object.keys(watchers) as WatcherName[]).filter((name) => input.programs[name] !== undefined);
  return {
    services: started.map((name) => serviceOf(name, input)),
    files: {
      [input.layout.config("prometheus.yml")]: prometheusConfig(started, input),
    },
  };
};

const serviceOf = (name: WatcherName, input: WatchInput): ServicePlan => {
  const { layout, ports, programs } = input;
  const port = ports[name] ?? 0;
  const { args, environment = {}, path } = launchOf(name, port, input);
  return {
    name,
    port,
    log: layout.log(name),
    launch: { command: programs[name] ?? "", args, cwd: layout.logs, environment },
    probe: { kind: "http", url: `http://127.0.0.1:${port}${path}` },
  };
};

/** How a program that watches is started. */
export interface WatcherLaunch {
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** What answers 200 when it is ready. */
  readonly path: string;
}

const launchOf = (
  name: WatcherName,
  port: number,
  { layout, endpoints, sluice, monitoring }: Pick<WatchInput, "layout" | "endpoints" | "sluice" | "monitoring">,
): WatcherLaunch => {
  const listen = `127.0.0.1:${port}`;
  switch (name) {
    case "prometheus":
      return {
        args: [
          `--config.file=${layout.config("prometheus.yml")}`,
          `--storage.tsdb.path=${layout.data(name)}`,
          "--storage.tsdb.retention.time=2d",
          `--web.listen-address=${listen}`,
        ],
        path: "/-/ready",
      };
    case "alertmanager":
      return {
        args: [
          // As in compose: its receivers have no addresses, and what follows from another alert is kept back here as well.
          `--config.file=${join(monitoring, "alertmanager", "alertmanager.yml")}`,
          `--storage.path=${layout.data(name)}`,
          `--web.listen-address=${listen}`,
          // Alone: without it, it listens for others on all addresses.
          "--cluster.listen-address=",
        ],
        path: "/-/ready",
      };
    case "redis-exporter":
    case "mysqld-exporter":
      return exporterLaunch(name, port, endpoints);
    case "sluice-exporter":
      return {
        args: [sluice, "exporter", "--port", String(port)],
        environment: { ...endpointsEnv(endpoints) },
        path: "/live",
      };
  }
};

/** How Debian's exporter of Redis or of the database is started. A password goes into its environment, which others do not see. */
export const exporterLaunch = (
  name: "redis-exporter" | "mysqld-exporter",
  port: number,
  { redisUrl, databaseUrl }: Pick<StackEndpoints, "redisUrl" | "databaseUrl">,
): WatcherLaunch => {
  const listen = `127.0.0.1:${port}`;
  if (name === "redis-exporter")
    return { args: [`-web.listen-address=${listen}`, `-redis.addr=${redisUrl}`], path: "/health" };
  return {
    // The shop's user may not see replicas.
    args: [`--web.listen-address=${listen}`, "--no-collect.slave_status"],
    environment: { DATA_SOURCE_NAME: dataSourceName(databaseUrl) },
    path: "/",
  };
};

/** As Go's driver writes it; passwords of development have no character that it takes for its own. */
const dataSourceName = (databaseUrl: string): string => {
  const { username, password, host } = new URL(databaseUrl);
  return `${decodeURIComponent(username)}:${decodeURIComponent(password)}@(${host})/`;
};

/** Jobs as in deploy/monitoring/prometheus, so that rules and dashboards are the same; only the targets differ. */
const jobs: Readonly<Record<WatcherName, string>> = {
  prometheus: "prometheus",
  alertmanager: "alertmanager",
  "redis-exporter": "redis",
  "mysqld-exporter": "mysqld",
  "sluice-exporter": "kafka",
};

const prometheusConfig = (started: readonly WatcherName[], { layout, ports, monitoring }: WatchInput): string => {
  const at = (name: WatcherName) => ({ static_configs: [{ targets: [`127.0.0.1:${ports[name] ?? 0}`] }] });
  const files = [join(targetsFolder(layout), "*.json")];
  return stringify({
    global: { scrape_interval: "15s", scrape_timeout: "10s", evaluation_interval: "15s" },
    rule_files: [join(monitoring, "prometheus", "rules", "*.yml")],
    ...(started.includes("alertmanager") && { alerting: { alertmanagers: [at("alertmanager")] } }),
    scrape_configs: [
      {
        job_name: "sluice",
        file_sd_configs: [{ files, refresh_interval: "5s" }],
        sample_limit: 5_000,
        label_limit: 30,
      },
      ...started.map((name) => ({ job_name: jobs[name], ...at(name) })),
    ],
  });
};
