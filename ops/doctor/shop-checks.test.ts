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

test("redisFinding: fails on a replica", () => {
  assert.equal(redisFinding({ version: "7.0.15", role: "slave" }).level, "fail");
  assert.deepEqual(redisFinding({ version: "7.0.15", role: "master" }), {
    level: "ok",
    found: "answers, Redis 7.0.15",
  });
});
