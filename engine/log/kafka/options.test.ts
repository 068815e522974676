/** Settings that would let a membership end before its drain. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "../../logger.ts";
import { kafkaDefaults, settingsOf } from "./options.ts";

const given = { brokers: ["127.0.0.1:1"], clientId: "t", logger: silentLogger };

test("kafka options: are the defaults where nothing is given", () => {
  const settings = settingsOf(given);
  assert.equal(settings.sessionTimeoutMs, kafkaDefaults.sessionTimeoutMs);
  assert.deepEqual(settings.brokers, { hosts: given.brokers, tls: undefined, sasl: undefined });
});

test("kafka options: are refused when the drain may outlast the session", () => {
  assert.throws(() => settingsOf({ ...given, drainBudgetMs: 30_000 }), { code: "KAFKA_OPTIONS" });
  assert.throws(() => settingsOf({ ...given, sessionTimeoutMs: 6_000 }), { code: "KAFKA_OPTIONS" });
  assert.throws(() => settingsOf({ ...given, heartbeatMs: 16_000 }), { code: "KAFKA_OPTIONS" });
  settingsOf({ ...given, sessionTimeoutMs: 6_000, drainBudgetMs: 3_000 });
});
