// Which versions are fetched: the native stack is what the compose file's images are.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readCompose, serviceOf } from "../kafka/compose.ts";
import { repositoryRoot } from "../layout.ts";
import { parseVersions, registryVersionFor } from "./provision.ts";

const versions = parseVersions(await readFile(join(import.meta.dirname, "pom.xml"), "utf8"));
const compose = await readCompose(join(repositoryRoot, "docker-compose.yml"));

test("pom.xml: fetches the Kafka that cp-kafka 8.0 is made of", () => {
  // Confluent Platform 8.0 is Apache Kafka 4.0.
  assert.match(serviceOf(compose, "kafka-1").image, /^confluentinc\/cp-kafka:8\.0\./);
  assert.match(versions.kafka, /^4\.0\.\d+$/);
});

test("pom.xml: fetches the registry of the compose file", () => {
  assert.equal(serviceOf(compose, "registry").image, `apicurio/apicurio-registry:${versions.registry}`);
});

test("registryVersionFor: gives a Java below 21 the older registry", () => {
  assert.equal(registryVersionFor(versions, 25), "3.3.3");
  assert.equal(registryVersionFor(versions, 21), "3.3.3");
  assert.equal(registryVersionFor(versions, 17), "2.6.13.Final");
});

test("parseVersions: names the version that is missing", () => {
  assert.throws(() => parseVersions("<kafka.version>4.0.2</kafka.version>"), /pom.xml does not set registry.version/);
});
