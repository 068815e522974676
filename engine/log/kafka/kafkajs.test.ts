/** Loading kafkajs: only the one the patches were written for, and patched wherever it is required from. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { murmur2 } from "../producer/partitioner.ts";
import { kafkajsVersion, requireKafkajs } from "./kafkajs.ts";
import { patches } from "./patches/all.ts";

const nodeRequire = createRequire(import.meta.url);
const installed = dirname(nodeRequire.resolve("kafkajs/package.json"));

const copyOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), "kafkajs-"));
  t.after(() => rmSync(folder, { recursive: true }));
  cpSync(installed, folder, { recursive: true });
  return folder;
};

test("kafkajs: is refused when a patched file has another text", (t) => {
  const root = copyOf(t);
  requireKafkajs(patches, root);
  const file = join(root, "src/consumer/consumerGroup.js");
  writeFileSync(file, `${readFileSync(file, "utf8")}\n`);
  assert.throws(() => requireKafkajs(patches, root), {
    code: "KAFKAJS_CHANGED",
    message: /consumerGroup\.js has sha256/,
  });
});

test("kafkajs: is refused when its version is another", (t) => {
  const root = copyOf(t);
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "kafkajs", version: "2.2.5" }));
  const message = new RegExp(`2\\.2\\.5, expected ${kafkajsVersion}`);
  assert.throws(() => requireKafkajs(patches, root), { code: "KAFKAJS_CHANGED", message });
});

test("kafkajs: has every patch in place although it was loaded without them before", () => {
  nodeRequire("kafkajs");
  const need = requireKafkajs(patches);
  for (const { file } of patches) {
    if (file === "index.js") continue;
    assert.equal(nodeRequire(`kafkajs/${file}`), need(file));
  }
  assert.match(String(need("src/producer/groupMessagesPerPartition.js")), /routes/);
  assert.match(String(need("src/network/requestQueue/index.js").prototype.scheduleCheckPendingRequests), /throttledMs/);
  assert.match(String(need("src/consumer/consumerGroup.js").prototype.joinAndSync), /hooks/);
});

test("kafkajs: puts a key where our partitioner puts it", () => {
  const theirs = nodeRequire("kafkajs/src/producer/partitioners/default/murmur2") as (key: Buffer) => number;
  for (let length = 0; length < 40; length += 1) {
    const key = Buffer.from(Array.from({ length }, (_, at) => (at * 37 + length * 11) & 255));
    assert.equal(murmur2(key), theirs(key));
  }
});
