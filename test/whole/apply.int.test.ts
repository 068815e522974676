/** Applying goes through although the registry leaves a request without an answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Behaviour, faultyRegistry } from "../../engine/registry/testing/faulty-registry.ts";
import { applyApp } from "../../engine/app/apply.ts";
import { app } from "../../sluice.config.ts";
import { readConfig } from "../../ops/config.ts";
import { addressOf, type AddressName } from "../../engine/testing/address.ts";

const configWith = (url: string) => {
  const others = ["SLUICE_BROKERS", "SLUICE_DATABASE_URL", "SLUICE_REDIS_URL"] satisfies AddressName[];
  return readConfig(
    { ...Object.fromEntries(others.map((name) => [name, addressOf(name)])), SLUICE_REGISTRY_URL: url },
    () => "",
  );
};

test("apply: asks the registry again when it was cut off at one request", async () => {
  let cuts = 0;
  const cutOnce: Behaviour = (request, response) => {
    if (request.method !== "POST" || cuts > 0) return false;
    cuts++;
    response.socket?.destroy();
    return true;
  };
  await using registry = await faultyRegistry(cutOnce, addressOf("SLUICE_REGISTRY_URL"));
  const { subjects } = await applyApp(app, configWith(registry.url), { allow: { newGroup: true } });
  assert.equal(cuts, 1);
  assert.ok(subjects.includes("payment-completed-value"));
});
