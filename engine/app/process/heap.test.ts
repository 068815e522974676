/** The heap follows the memory that a worker may use. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { heapFlags } from "./heap.ts";

const mb = 1024 * 1024;

test("heap: is roomy when the machine or the container has the memory for it", () => {
  const roomy = [
    "--max-old-space-size=256",
    "--min-semi-space-size=32",
    "--max-semi-space-size=32",
    "--heap-growing-percent=150",
    "--no-incremental-marking",
    "--no-minor-gc-task",
  ];
  assert.deepEqual(heapFlags(512 * mb), roomy);
  assert.deepEqual(heapFlags(24 * 1024 * mb), roomy);
});

test("heap: is small when the container's limit is below the roomy heap's peak", () => {
  assert.deepEqual(heapFlags(384 * mb), ["--max-old-space-size=128", "--max-semi-space-size=8"]);
});
