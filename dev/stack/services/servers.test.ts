// The native command lines of the registry, the database and Redis.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComposeService } from "../kafka/compose.ts";
import { layoutAt } from "../layout.ts";
import { mariadbInitSql, mariadbLaunch, mariadbUrl, redisLaunch, registryLaunch } from "./servers.ts";

const layout = layoutAt("s", "/stacks/s");
const service = (name: string, rest: Partial<ComposeService>): ComposeService => ({
  ...{ name, image: name, environment: {}, command: [], ports: [] },
  ...rest,
});
const mariadb = service("mariadb", {
  environment: { MARIADB_DATABASE: "hhplus", MARIADB_USER: "app", MARIADB_PASSWORD: "secret" },
  command: ["--max-connections=300", "--local-infile=0"],
});

test("mariadbLaunch: reads no configuration of the machine and listens on 127.0.0.1 only", () => {
  const { args } = mariadbLaunch(mariadb, layout, { mariadbd: "/usr/sbin/mariadbd", port: 23306, asRoot: false });
  assert.equal(args[0], "--no-defaults");
  assert.ok(args.includes("--bind-address=127.0.0.1"));
  assert.ok(args.includes("--port=23306"));
  assert.ok(!args.includes("--user=root"));
});

test("mariadbLaunch: puts the flags of the compose file last, so that they win", () => {
  const { args } = mariadbLaunch(mariadb, layout, { mariadbd: "mariadbd", port: 1, asRoot: true });
  assert.deepEqual(args.slice(-2), mariadb.command);
  assert.ok(args.includes("--user=root"));
});

test("mariadbLaunch: names its socket without a folder, whose path could be too long", () => {
  const { args } = mariadbLaunch(mariadb, layout, { mariadbd: "mariadbd", port: 1, asRoot: false });
  assert.ok(args.includes("--socket=mariadb.sock"));
});

test("mariadbInitSql: makes the schema and the user, one statement a line", () => {
  assert.equal(
    mariadbInitSql(mariadb),
    [
      "CREATE DATABASE IF NOT EXISTS `hhplus`;",
      "CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY 'secret';",
      "GRANT ALL ON `hhplus`.* TO 'app'@'%';",
      "",
    ].join("\n"),
  );
});

test("mariadbInitSql: keeps quotes and backslashes of a password inside its literal", () => {
  const environment = { ...mariadb.environment, MARIADB_PASSWORD: "a'b\\c" };
  assert.match(mariadbInitSql({ ...mariadb, environment }), /IDENTIFIED BY 'a''b\\\\c';/);
});

test("mariadbUrl: escapes what a URL could not hold", () => {
  const environment = { ...mariadb.environment, MARIADB_PASSWORD: "p@ss/word" };
  assert.equal(mariadbUrl({ ...mariadb, environment }, 3307), "mysql://app:p%40ss%2Fword@127.0.0.1:3307/hhplus");
});

test("redisLaunch: keeps its environment readable, and the flags of the compose file, empty ones too", () => {
  const redis = service("redis", { command: ["redis-server", "--save", "", "--appendonly", "no"] });
  const { args } = redisLaunch(redis, layout, { redisServer: "redis-server", port: 26379 });
  assert.equal(args[args.indexOf("--set-proc-title") + 1], "no");
  assert.equal(args[args.indexOf("--bind") + 1], "127.0.0.1");
  assert.deepEqual(args.slice(-4), ["--save", "", "--appendonly", "no"]);
});

const registry = service("registry", {
  environment: {
    QUARKUS_HTTP_PORT: "8080",
    APICURIO_RULES_GLOBAL_COMPATIBILITY: "BACKWARD",
    APICURIO_DATASOURCE_URL: "jdbc:h2:file:/var/tmp/registry;WRITE_DELAY=0",
    JAVA_OPTS_APPEND: "-Xmx256m  -Xms64m",
    GC_CONTAINER_OPTIONS: "-XX:+UseSerialGC",
  },
});
const jvm = { java: "/java", flags: ["-Dx=1"], ports: { http: 28081, management: 28082 } };

test("registryLaunch: binds both of its ports to 127.0.0.1 and keeps its data in the stack's folder", () => {
  const { args, environment } = registryLaunch(registry, layout, { ...jvm, jar: "/r/quarkus-run.jar" });
  assert.deepEqual(args, ["-Xmx256m", "-Xms64m", "-XX:+UseSerialGC", "-Dx=1", "-jar", "/r/quarkus-run.jar"]);
  assert.deepEqual(environment, {
    APICURIO_RULES_GLOBAL_COMPATIBILITY: "BACKWARD",
    APICURIO_DATASOURCE_URL: "jdbc:h2:file:/stacks/s/data/registry/registry;WRITE_DELAY=0",
    QUARKUS_HTTP_HOST: "127.0.0.1",
    QUARKUS_HTTP_PORT: "28081",
    QUARKUS_MANAGEMENT_HOST: "127.0.0.1",
    QUARKUS_MANAGEMENT_PORT: "28082",
  });
});

test("registryLaunch: spells the settings as release 2.6 knows them when that is what runs", () => {
  const { environment } = registryLaunch(registry, layout, { ...jvm, jar: "/r/apicurio-2.6-runner.jar" });
  assert.equal(environment["REGISTRY_RULES_GLOBAL_COMPATIBILITY"], "BACKWARD");
  assert.equal(environment["APICURIO_RULES_GLOBAL_COMPATIBILITY"], undefined);
  assert.equal(environment["QUARKUS_HTTP_PORT"], "28081");
});
