/** How clocks and connections are judged. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { aheadMs, clockFinding, encryptionFinding } from "./findings.ts";

test("aheadMs: takes half of the answer's time off", () => {
  assert.equal(aheadMs({ askedAt: 1_000, answeredAt: 1_200, now: 1_100 }), 0);
  assert.equal(aheadMs({ askedAt: 1_000, answeredAt: 1_000, now: 400 }), -600);
});

test("clockFinding: warns when clocks differ by more than a second, and says which way", () => {
  const reading = { askedAt: 10_000, answeredAt: 10_000 };
  assert.equal(clockFinding("database", { ...reading, now: 11_000 }).level, "ok");
  const behind = clockFinding("database", { ...reading, now: 8_999 });
  assert.deepEqual([behind.level, behind.found], ["warn", "the database's clock is 1001 ms behind this machine's"]);
  assert.match(behind.fix ?? "", /NTP/);
});

test("clockFinding: does not take a slow answer for a difference", () => {
  const slow = { askedAt: 10_000, answeredAt: 14_000, now: 14_000 };
  assert.equal(clockFinding("redis", slow).level, "ok");
});

test("encryptionFinding: warns when plain text leaves the machine in production, and only then", () => {
  const levelOf = (host: string, environment: "development" | "production", encrypted = false) =>
    encryptionFinding({ encrypted, hosts: ["127.0.0.1", host], environment }, "use TLS").level;
  assert.equal(levelOf("db.internal", "production"), "warn");
  assert.equal(levelOf("db.internal", "production", true), "ok");
  assert.equal(levelOf("db.internal", "development"), "ok");
  for (const host of ["localhost", "[::1]", "::1", "127.1.2.3"]) assert.equal(levelOf(host, "production"), "ok", host);
  assert.equal(levelOf("127.0.0.1.example.com", "production"), "warn");
});
