/**
 * A broker killed while it is written to and read from. Runs only where the tests are given a broker that they may
 * kill: SLUICE_TEST_BROKER_KILL and SLUICE_TEST_BROKER_START are shell commands for the one broker of SLUICE_BROKERS.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { test } from "node:test";
import { brokerAddresses } from "../../../testing/address.ts";
import { surviveBrokerCrashes } from "./broker-crash-scenario.ts";

const { SLUICE_TEST_BROKER_KILL: kill, SLUICE_TEST_BROKER_START: start } = process.env;
const shell = async (command: string): Promise<void> => {
  await promisify(execFile)("sh", ["-c", command]);
};

test("kafka: writer and reader lose nothing and keep order when the broker is killed twice", {
  timeout: 180_000,
  skip: kill && start ? false : "no broker that may be killed",
}, async (t) => {
  assert.ok(kill && start);
  const report = await surviveBrokerCrashes({
    brokers: brokerAddresses(),
    kill: () => shell(kill),
    start: () => shell(start),
  });
  t.diagnostic(JSON.stringify(report));
  assert.ok(report.records > 1_000);
});
