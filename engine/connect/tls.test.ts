/** Files of certificates: read anew, and kept while one is missing. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { tlsFilesOf, tlsReader, unreadableFiles } from "./tls.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-tls-"));
after(() => rmSync(folder, { recursive: true }));

test("tls files: are read again for each connection when they were renewed", () => {
  const ca = join(folder, "renewed.pem");
  writeFileSync(ca, "one");
  const read = tlsReader({ ca });
  assert.deepEqual(read(), { ca: Buffer.from("one") });
  writeFileSync(ca, "two");
  assert.deepEqual(read(), { ca: Buffer.from("two") });
});

test("tls files: are those that were read last when one is missing for a moment", () => {
  const ca = join(folder, "replaced.pem");
  writeFileSync(ca, "one");
  const read = tlsReader({ ca });
  read();
  rmSync(ca);
  assert.deepEqual(read(), { ca: Buffer.from("one") });
});

test("tls files: are named when they could never be read", () => {
  const ca = join(folder, "nowhere.pem");
  assert.throws(tlsReader({ ca }), { code: "TLS_FILE", message: `${ca} cannot be read (ENOENT)` });
  const read = () => {
    throw Object.assign(new Error("no"), { code: "EACCES" });
  };
  assert.deepEqual(unreadableFiles(tlsFilesOf({ "ssl-key": "/k" }), read), ["/k cannot be read (EACCES)"]);
});
