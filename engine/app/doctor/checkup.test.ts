// The checks of `sluice doctor`: bounded and independent.
import assert from "node:assert/strict";
import { test } from "node:test";
import { engineOnly } from "../config/settings.ts";
import { checkUp, sayOnce } from "./checkup.ts";

const config = engineOnly.read({ SLUICE_BROKERS: "a:1", SLUICE_REGISTRY_URL: "http://a" }, () => "");

test("checkUp: reports every check in order when one throws and one gives no answer", async () => {
  const findings = await checkUp(
    [
      { name: "broken", fix: "do x", run: () => Promise.reject(new Error("first\nsecond")) },
      { name: "silent", fix: "do y", run: () => new Promise<never>(() => {}) },
      { name: "well", fix: "do z", run: async () => ({ level: "ok", found: "answers" }) },
    ],
    config,
    20,
  );
  assert.deepEqual(findings, [
    { name: "broken", level: "fail", found: "first", fix: "do x" },
    { name: "silent", level: "fail", found: "no answer within 20 ms", fix: "do y" },
    { name: "well", level: "ok", found: "answers" },
  ]);
});

test("sayOnce: refers to the first of several checks when one cause fails them all", () => {
  const locked = { level: "fail", found: "the database refuses us" } as const;
  const other = { name: "redis", level: "fail", found: "Redis is a replica", fix: "Give it a master." } as const;
  assert.deepEqual(
    sayOnce([
      { name: "database", ...locked, fix: "Unlock it." },
      other,
      { name: "gate", ...locked, fix: "Look at Redis." },
    ]),
    [{ name: "database", ...locked, fix: "Unlock it." }, other, { name: "gate", level: "fail", found: "as database" }],
  );
});
