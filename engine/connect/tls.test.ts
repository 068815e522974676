/** Files of certificates: read anew, and kept while one is missing, half written or renewed before the other. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { tlsFilesOf, tlsReader, unreadableFiles } from "./tls.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-tls-"));
after(() => rmSync(folder, { recursive: true }));

/** What looks like an authority's certificate. */
const pem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;

test("tls files: are read again for each connection when they were renewed", () => {
  const ca = join(folder, "renewed.pem");
  writeFileSync(ca, pem("one"));
  const read = tlsReader({ ca });
  assert.deepEqual(read(), { ca: Buffer.from(pem("one")) });
  writeFileSync(ca, pem("two"));
  assert.deepEqual(read(), { ca: Buffer.from(pem("two")) });
});

test("tls files: are those that were read last when one is missing for a moment", () => {
  const ca = join(folder, "replaced.pem");
  writeFileSync(ca, pem("one"));
  const read = tlsReader({ ca });
  read();
  rmSync(ca);
  assert.deepEqual(read(), { ca: Buffer.from(pem("one")) });
});

test("tls files: are named when they could never be read", () => {
  const ca = join(folder, "nowhere.pem");
  assert.throws(tlsReader({ ca }), { code: "TLS_FILE", message: `${ca} cannot be read (ENOENT)` });
  const read = () => {
    throw Object.assign(new Error("no"), { code: "EACCES" });
  };
  assert.deepEqual(unreadableFiles(tlsFilesOf({ "ssl-key": "/k" }), read), ["/k cannot be read (EACCES)"]);
});

for (const [what, text] of [
  ["empty", ""],
  ["no PEM", "certificate"],
  ["half written", `${pem("one")}-----BEGIN CERTIFICATE-----\nhalf`],
] as const) {
  test(`tls files: are those of before when the authorities' is ${what}, and named when that is so from the first on`, () => {
    const ca = join(folder, "wrong.pem");
    writeFileSync(ca, pem("one"));
    const read = tlsReader({ ca });
    read();
    writeFileSync(ca, text);
    assert.deepEqual(read(), { ca: Buffer.from(pem("one")) });
    const message = `${ca} holds no certificate in PEM, or not the whole of one`;
    assert.throws(tlsReader({ ca }), { code: "TLS_FILE", message });
  });
}

/** Makes a certificate and its key, and answers their paths. */
const made = (name: string): { readonly cert: string; readonly key: string } => {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  execFileSync("openssl", [...request, "-subj", "/CN=a", "-keyout", key, "-out", cert], { stdio: "ignore" });
  return { cert, key };
};

test("tls files: are the pair of before while one of it is renewed and the other is not, and named when they never fit", {
  skip: spawnSync("openssl", ["version"]).status !== 0 && "openssl is not installed",
}, () => {
  const [first, second] = [made("first"), made("second")];
  const used = { cert: join(folder, "used.crt"), key: join(folder, "used.key") };
  const renew = (part: "cert" | "key", by: typeof first) => copyFileSync(by[part], used[part]);
  renew("cert", first);
  renew("key", first);
  const read = tlsReader(used);
  const bytesOf = ({ cert, key }: typeof first) => ({ cert: readFileSync(cert), key: readFileSync(key) });
  assert.deepEqual(read(), bytesOf(first));
  renew("cert", second);
  assert.deepEqual(read(), bytesOf(first));
  const never = tlsReader(used);
  assert.throws(never, {
    code: "TLS_FILE",
    message: /used.crt and .*used.key are no certificate and its key .*MISMATCH/,
  });
  renew("key", second);
  assert.deepEqual([read(), never()], [bytesOf(second), bytesOf(second)]);
});
