/** What watches a stack: its programs, its settings, and where our processes are scraped. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { layoutAt } from "../layout.ts";
import { missingWatchers } from "./start-watchers.ts";
import { announceTarget, serviceOfCommand } from "./targets.ts";
import { planWatchers, targetsFolder, type WatcherName, watchers, watchPortNeeds } from "./watchers.ts";

const layout = layoutAt("s", "/stacks/s");
const endpoints = {
  brokers: ["127.0.0.1:1"],
  registryUrl: "http://127.0.0.1:2/apis/ccompat/v7",
  databaseUrl: "mysql://application:secret@127.0.0.1:3/hhplus",
  redisUrl: "redis://127.0.0.1:4",
};
const all = Object.keys(watchers) as WatcherName[];
const planOf = (names: readonly WatcherName[]) =>
  planWatchers({
    layout,
    endpoints,
    programs: Object.fromEntries(names.map((name) => [name, `/bin/${name}`])),
    ports: Object.fromEntries(names.map((name, at) => [name, 9_000 + at])),
    sluice: "/sluice.ts",
    monitoring: "/monitoring",
  });

test("planWatchers: starts what is installed on loopback, and scrapes each under its job", () => {
  const { services, files } = planOf(all);
  assert.deepEqual(services.map(({ name }) => name).toSorted(), all.toSorted());
  for (const { name, launch, port } of services) {
    const listens = [...launch.args].some((arg) => arg.includes(`127.0.0.1:${port}`)) || name === "sluice-exporter";
    assert.ok(listens, `${name} listens on loopback`);
  }
  const config = parse(files[layout.config("prometheus.yml")] ?? "");
  const jobs = config.scrape_configs.map(({ job_name }: { readonly job_name: string }) => job_name);
  assert.deepEqual(jobs.toSorted(), ["alertmanager", "kafka", "mysqld", "prometheus", "redis", "sluice"]);
  assert.deepEqual(config.rule_files, ["/monitoring/prometheus/rules/*.yml"]);
  const alertmanager = services.find(({ name }) => name === "alertmanager");
  assert.ok(alertmanager?.launch.args.includes("--config.file=/monitoring/alertmanager/alertmanager.yml"));
  assert.deepEqual(config.alerting.alertmanagers, [{ static_configs: [{ targets: ["127.0.0.1:9001"] }] }]);
});

test("planWatchers: puts the database's password into no argument and no file of settings", () => {
  const { services, files } = planOf(all);
  assert.ok(services.every(({ launch }) => !launch.args.some((arg) => arg.includes("secret"))));
  assert.ok(Object.values(files).every((text) => !text.includes("secret")));
});

test("planWatchers: scrapes and alerts nobody that is not there", () => {
  const { services, files } = planOf(["prometheus", "sluice-exporter"]);
  assert.deepEqual(
    services.map(({ name }) => name),
    ["prometheus", "sluice-exporter"],
  );
  const config = parse(files[layout.config("prometheus.yml")] ?? "");
  assert.equal(config.alerting, undefined);
  assert.equal(config.scrape_configs.length, 3);
});

test("watchers: have a port each, and name the packages that are missing with the command", () => {
  assert.equal(new Set(watchPortNeeds(all).map(({ preferred }) => preferred)).size, all.length);
  assert.equal(
    missingWatchers({ prometheus: "/bin/prometheus", "redis-exporter": "/x", "mysqld-exporter": "/y" }),
    "not installed, so not started; to have them: apt-get install prometheus-alertmanager",
  );
  assert.equal(missingWatchers(Object.fromEntries(all.map((name) => [name, "/x"]))), undefined);
});

test("serviceOfCommand: calls processes as compose does, and leaves out what ends by itself", () => {
  const of = (line: string) => serviceOfCommand(line.split(" "));
  assert.deepEqual(
    [of("api"), of("relay"), of("console"), of("worker"), of("worker --topology coupon-issuing"), of("verify --watch")],
    ["api", "relay", "console", "worker", "worker", "verify"],
  );
  assert.deepEqual(
    [of("worker --topology transaction-history"), of("worker --topology external-data")],
    ["history", "delivery"],
  );
  assert.deepEqual([of("verify"), of("token --user a"), of("platform")], [undefined, undefined, undefined]);
});

test("announceTarget: takes the place of a killed one of its kind, and of no other, and takes itself back", async () => {
  const root = await mkdtemp(join(tmpdir(), "targets-"));
  const own = layoutAt("s", root);
  announceTarget(own, { pid: process.pid, service: "api", healthPort: 1 })();
  await mkdir(targetsFolder(own), { recursive: true });
  const gone = spawn(process.execPath, ["-e", ""]);
  await once(gone, "exit");
  const killed = gone.pid ?? 0;
  for (const service of ["relay", "api"]) announceTarget(own, { pid: killed, service, healthPort: 1 });
  const withdraw = announceTarget(own, { pid: process.pid, service: "relay", healthPort: 9_400 });
  const files = async () => (await readdir(targetsFolder(own))).toSorted();
  assert.deepEqual(await files(), [`api.${killed}.json`, `relay.${process.pid}.json`]);
  const text = await readFile(join(targetsFolder(own), `relay.${process.pid}.json`), "utf8");
  assert.deepEqual(JSON.parse(text), [{ targets: ["127.0.0.1:9400"], labels: { service: "relay" } }]);
  withdraw();
  assert.deepEqual(await files(), [`api.${killed}.json`]);
  await rm(root, { recursive: true });
});

test("announceTarget: shows Prometheus a whole file or none when it is written again", async () => {
  const root = await mkdtemp(join(tmpdir(), "targets-"));
  const own = layoutAt("s", root);
  await mkdir(targetsFolder(own), { recursive: true });
  const announced = { pid: process.pid, service: "relay", healthPort: 9_400 };
  announceTarget(own, announced);
  // Whoever has opened the one before reads that to its end.
  const reading = await open(join(targetsFolder(own), `relay.${process.pid}.json`));
  announceTarget(own, { ...announced, healthPort: 9_401 });
  assert.match(await reading.readFile("utf8"), /9400/);
  await reading.close();
  assert.deepEqual(await readdir(targetsFolder(own)), [`relay.${process.pid}.json`]);
  await rm(root, { recursive: true });
});
