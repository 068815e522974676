/** The chart of recoveries. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryRoot } from "../../dev/stack/layout.ts";
import { faults } from "./faults.ts";
import { type Recovered, recoveryPicture } from "./pictures.ts";

test("recoveryPicture: has the longest of each fault, and no fault without one, when it is drawn", () => {
  const promised = [{ name: "kill", recoverWithinMs: 8_000 }, { name: "crash" }, { name: "flush" }];
  const results = [
    { fault: "flush", recoveriesMs: [120] },
    { fault: "crash", recoveriesMs: [] },
    { fault: "kill", recoveriesMs: [7_000, 7_460] },
  ];
  assert.match(recoveryPicture(promised, results), /<desc>[^<]*\nkill: 7\.5 s\nflush: 0\.1 s<\/desc>/);
});

test("recoveryPicture: is that of the kept results when it stands in the documents (next: npx node test/faults/write-tables.ts)", () => {
  const docs = (file: string) => readFileSync(join(repositoryRoot, "docs", file), "utf8");
  // Erasure: what `--write` wrote.
  const kept = JSON.parse(docs("reliability-faults.json")) as readonly Recovered[];
  assert.ok(docs("pictures/recovery.svg") === recoveryPicture(faults, kept));
});
