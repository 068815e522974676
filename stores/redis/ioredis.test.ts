/** What loading ioredis does to the texts of the process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";

test("ioredis: leaves the methods of texts where compiled code finds them when it is loaded", async () => {
  setFlagsFromString("--allow-natives-syntax");
  const isArrangedForLookups = new Function("of", "return %HasFastProperties(of)");
  setFlagsFromString("--no-allow-natives-syntax");
  await import("ioredis");
  assert.equal(isArrangedForLookups(String.prototype), false, "ioredis extends String no more: load it as it is");
  await import("./ioredis.ts");
  assert.equal(isArrangedForLookups(String.prototype), true);
});
