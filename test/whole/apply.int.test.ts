/** Applying goes through although the registry leaves a request without an answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Behaviour, faultyRegistry } from "../../engine/avro/testing/faulty-registry.ts";
import { applyApp } from "../../engine/app/apply.ts";
import { app } from "../../sluice.config.ts";
import { readConfig } from "../../ops/config.ts";

const registryUrl = process.env["SLUICE_REGISTRY_URL"] ?? "";
const configWith = (url: string) =>
  readConfig(
    {
      SLUICE_BROKERS: process.env["SLUICE_BROKERS"],
      SLUICE_REGISTRY_URL: url,
      SLUICE_DATABASE_URL: process.env["SLUICE_DATABASE_URL"],
      SLUICE_REDIS_URL: process.env["SLUICE_REDIS_URL"],
    },
    () => "",
  );

test("apply: asks the registry again when it was cut off at one request", async () => {
  let cuts = 0;
  const cutOnce: Behaviour = (request, response) => {
    if (request.method !== "POST" || cuts > 0) return false;
    cuts++;
    response.socket?.destroy();
    return true;
  };
  await using registry = await faultyRegistry(cutOnce, registryUrl);
  const { subjects } = await applyApp(app, configWith(registry.url));
  assert.equal(cuts, 1);
  assert.ok(subjects.includes("payment-completed-value"));
});
