/** An application of its own can be given the addresses of a stack, and is told of its own mistakes alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineSettings, engineOnly, InvalidConfig } from "../../engine/app/config/settings.ts";
import { endpointsEnv, engineEnv } from "./endpoints.ts";

const endpoints = {
  brokers: ["127.0.0.1:19092", "127.0.0.1:19093"],
  registryUrl: "http://127.0.0.1:18081/apis/ccompat/v7",
  databaseUrl: "mysql://sluice:sluice@127.0.0.1:13306/sluice",
  redisUrl: "redis://127.0.0.1:16379",
};
const mistakeOf = (read: () => unknown): InvalidConfig => {
  try {
    read();
  } catch (error) {
    if (error instanceof InvalidConfig) return error;
    throw error;
  }
  return assert.fail("no mistake");
};

test("engineEnv: is a whole configuration when an application has no settings of its own", () => {
  assert.equal(engineOnly.read(engineEnv(endpoints), String).registryUrl, endpoints.registryUrl);
});

test("engineOnly: names what it does not know, and no document or command of another application, when it is given all", () => {
  const { problems, fix } = mistakeOf(() => engineOnly.read(endpointsEnv(endpoints), String));
  assert.deepEqual(problems, ["SLUICE_DATABASE_URL: no such setting", "SLUICE_REDIS_URL: no such setting"]);
  assert.equal(fix, undefined);
});

test("settings: say what the application says of them when one is wrong", () => {
  const own = defineSettings({ settings: {}, toConfig: () => ({}), help: "See settings.md." });
  assert.equal(mistakeOf(() => own.read({}, String)).fix, "See settings.md.");
});
