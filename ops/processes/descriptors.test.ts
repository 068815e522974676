// File descriptors: what is promised fits, or is refused with the number that would.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDescriptors, openFilesLimit } from "./descriptors.ts";

test("descriptors: are enough when connections and what is our own fit", () => {
  checkDescriptors(1_256, 1_000);
  checkDescriptors(Number.POSITIVE_INFINITY, 1_000_000);
  assert.throws(() => checkDescriptors(1_255, 1_000), /raise that to 1256 .*SLUICE_API_MAX_CONNECTIONS to 999 at most/);
});

test("descriptors: are counted as the system limits them", () => {
  assert.ok(openFilesLimit() >= 64);
});
