/** Loads kafkajs with our patches in place, after checking that it is the kafkajs they were written against. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Fatal } from "../../errors.ts";
import type { KafkajsModules, Need } from "./internals.ts";
import { patches as ourPatches } from "./patches/all.ts";
import type { Patch } from "./patches/patch.ts";

const nodeRequire = createRequire(import.meta.url);
/** The release whose insides were read. */
export const kafkajsVersion = "2.2.4";

/**
 * A fresh copy of kafkajs with the given patches. What was loaded before is forgotten, so that no module holds an
 * unpatched one; later imports of `kafkajs` in this process get this copy too.
 * @throws Fatal (KAFKAJS_CHANGED) when the version or the text of a patched file is another.
 */
export const requireKafkajs = (patches: readonly Patch[], root: string = kafkajsRoot()): Need => {
  verify(patches, root);
  forget(root);
  // Erasure: the version and the patched files' text were verified, and internals.ts was read off that version.
  const need: Need = (file) => nodeRequire(join(root, file)) as KafkajsModules[typeof file];
  for (const patch of patches) {
    const replacement = patch.apply(need);
    const cached = nodeRequire.cache[join(root, patch.file)];
    if (cached !== undefined) cached.exports = replacement;
  }
  need("index.js");
  return need;
};

let loaded: Need | undefined;
/** The patched kafkajs of this process. @throws Fatal (KAFKAJS_CHANGED) */
export const patchedKafkajs = (): Need => {
  loaded ??= requireKafkajs(ourPatches);
  return loaded;
};

const kafkajsRoot = (): string => dirname(nodeRequire.resolve("kafkajs/package.json"));

const forget = (root: string): void => {
  for (const file of Object.keys(nodeRequire.cache)) {
    if (file.startsWith(join(root, "/"))) delete nodeRequire.cache[file];
  }
};

const verify = (patches: readonly Patch[], root: string): void => {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const version = typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : "?";
  if (version !== kafkajsVersion) throw changed(`its version is ${String(version)}, expected ${kafkajsVersion}`);
  for (const { file, sha256 } of patches) {
    const found = createHash("sha256")
      .update(readFileSync(join(root, file)))
      .digest("hex");
    if (found !== sha256) throw changed(`${file} has sha256 ${found}, expected ${sha256}`);
  }
};

const changed = (difference: string): Fatal =>
  new Fatal(
    "KAFKAJS_CHANGED",
    `kafkajs is not the one that engine/log/kafka patches: ${difference}. Run npm ci; for another version, read its source against engine/log/kafka/patches first.`,
  );
