// A whole stack, decided from the real compose file.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readCompose } from "./kafka/compose.ts";
import { endpointsEnv } from "./endpoints.ts";
import { layoutAt, repositoryRoot } from "./layout.ts";
import { type PlanInput, planStack, portNeeds } from "./plan.ts";

const compose = await readCompose(join(repositoryRoot, "docker-compose.yml"));
const layout = layoutAt("s", "/stacks/s");

/** A plan in which every port that is needed gets the next number from 25000 on. */
function plan(brokers: number, rest: Partial<PlanInput> = {}) {
  let ids = 0;
  const ports = Object.fromEntries(portNeeds(compose, brokers).map(({ key }, i) => [key, 25_000 + i]));
  return planStack({
    ...{ compose, layout, brokers, ports },
    programs: {
      ...{ java: "/java", kafkaLibraries: "/kafka/lib", registryJar: "/registry/quarkus-run.jar" },
      ...{ mariadbd: "/mariadbd", redisServer: "/redis-server", asRoot: false },
    },
    jvmFlags: { kafka: [], registry: [] },
    randomId: () => `id-${++ids}`,
    ...rest,
  });
}

test("portNeeds: would have the published ports for what clients use, and any for the rest", () => {
  const needs = portNeeds(compose, 3);
  const preferred = needs.flatMap((need) => (need.preferred === undefined ? [] : [`${need.key} ${need.preferred}`]));
  assert.deepEqual(preferred, [
    "kafka-1 EXTERNAL 19092",
    "kafka-2 EXTERNAL 29092",
    "kafka-3 EXTERNAL 39092",
    "registry 8081",
    "mariadb 3306",
    "redis 6379",
  ]);
  assert.equal(needs.length, 3 * 3 + 4);
});

test("planStack: has the services and the addresses of three brokers", () => {
  const { services, endpoints, offsetsPartitions } = plan(3);
  assert.deepEqual(
    services.map(({ name }) => name),
    ["kafka-1", "kafka-2", "kafka-3", "registry", "mariadb", "redis"],
  );
  assert.deepEqual(endpoints, {
    brokers: ["127.0.0.1:25000", "127.0.0.1:25003", "127.0.0.1:25006"],
    registryUrl: "http://127.0.0.1:25009/apis/ccompat/v7",
    databaseUrl: "mysql://application:application@127.0.0.1:25011/hhplus",
    redisUrl: "redis://127.0.0.1:25012",
  });
  assert.equal(offsetsPartitions, 5);
});

test("planStack: gives all brokers one cluster id, and each log directory one of its own", () => {
  const { files, services } = plan(3);
  assert.deepEqual(services[2]?.probe, { kind: "kafka", port: 25_006, brokers: 3, clusterId: "id-1" });
  const metadata = [1, 2, 3].map((n) => files[`/stacks/s/data/kafka-${n}/meta.properties`]);
  assert.equal(metadata[0], "cluster.id=id-1\ndirectory.id=id-2\nnode.id=1\nversion=1\n");
  assert.equal(metadata[2], "cluster.id=id-1\ndirectory.id=id-4\nnode.id=3\nversion=1\n");
});

test("planStack: leaves no name or port of a container in a broker's settings", () => {
  const { files } = plan(1);
  const settings = files["/stacks/s/config/kafka-1.properties"] ?? "";
  assert.match(settings, /^listeners=EXTERNAL:\/\/127\.0\.0\.1:25000,INTERNAL:.*:25001,CONTROLLER:.*:25002$/m);
  assert.doesNotMatch(settings, /kafka-\d:|0\.0\.0\.0|\b9092\b|\b29092\b/);
  assert.match(settings, /^default\.replication\.factor=1$/m);
});

test("planStack: starts a broker with the heap and the collector of the compose file", () => {
  const [broker] = plan(1, { jvmFlags: { kafka: ["-XX:SharedArchiveFile=/a"], registry: [] } }).services;
  const args = broker?.launch.args ?? [];
  assert.ok(args.includes("-Xmx512m"));
  assert.ok(args.includes("-XX:+UseG1GC"));
  assert.ok(args.includes("-XX:SharedArchiveFile=/a"));
  assert.ok(!args.includes("-XX:TieredStopAtLevel=1"), "benchmarks run on the brokers");
  assert.deepEqual(args.slice(-4), ["-cp", "/kafka/lib/*", "kafka.Kafka", "/stacks/s/config/kafka-1.properties"]);
});

test("planStack: adds the flags a test asks for to that service only", () => {
  const { services } = plan(1, { extraFlags: { redis: ["--nonsense"] } });
  const withFlag = services.filter(({ launch }) => launch.args.includes("--nonsense"));
  assert.deepEqual(
    withFlag.map(({ name }) => name),
    ["redis"],
  );
});

test("endpointsEnv: names the variables of our own processes", () => {
  assert.deepEqual(endpointsEnv(plan(3).endpoints), {
    SLUICE_BROKERS: "127.0.0.1:25000,127.0.0.1:25003,127.0.0.1:25006",
    SLUICE_REGISTRY_URL: "http://127.0.0.1:25009/apis/ccompat/v7",
    SLUICE_DATABASE_URL: "mysql://application:application@127.0.0.1:25011/hhplus",
    SLUICE_REDIS_URL: "redis://127.0.0.1:25012",
  });
});
