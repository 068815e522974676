/** What is said about rights and about a Redis. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { redisFinding, rightsFinding } from "./shop-checks.ts";

test("rightsFinding: fails without rights to run, and only says that rights to make tables are missing", () => {
  const { level, found, fix } = rightsFinding("shop", { run: ["DELETE"], apply: ["CREATE"] });
  assert.deepEqual([level, found], ["fail", "the user may not DELETE in shop"]);
  assert.match(fix ?? "", /^GRANT DELETE ON shop\.\*/);
  const careful = rightsFinding("shop", { run: [], apply: ["CREATE"] });
  assert.deepEqual([careful.level, careful.fix], ["ok", undefined]);
  assert.match(careful.found, /apply needs another user/);
  assert.match(rightsFinding("shop", { run: [], apply: [] }).found, /and to make tables/);
});

const room = { usedBytes: 1, maxBytes: 100, policy: "noeviction" };

test("redisFinding: fails on a replica", () => {
  assert.equal(redisFinding({ version: "7.0.15", role: "slave", memory: room }).level, "fail");
  const found = redisFinding({ version: "7.0.15", role: "master", memory: room });
  assert.deepEqual(found, { level: "ok", found: "answers, Redis 7.0.15" });
});

test("redisFinding: names a Redis that is full as full, and warns before", () => {
  const of = (usedBytes: number, maxBytes = 100) =>
    redisFinding({ version: "7.0.15", role: "master", memory: { ...room, usedBytes, maxBytes } });
  assert.deepEqual([of(89).level, of(90).level, of(100).level, of(100, 0).level], ["ok", "warn", "fail", "ok"]);
  assert.match(of(101).found, /is full: 101 of 100 bytes/);
});
