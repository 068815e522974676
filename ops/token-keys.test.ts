// Where keys come from: a file, and a provider that answers, does not, answers too much, or sends somewhere else.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { Fatal } from "../engine/errors.ts";
import { silentLogger } from "../engine/logger.ts";
import { steppedClock } from "../engine/testing/stepped-clock.ts";
import { testSecret } from "../api/testing/testing-api.ts";
import { fetchBounded, openTokenKeys } from "./token-keys.ts";

const { publicKey } = generateKeyPairSync("ed25519");
const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k" }] });
const base = { secrets: [testSecret], keysFile: undefined, keysUrl: undefined, policy: { maxLifetimeMs: 60_000 } };
const ofKid = { alg: "EdDSA", kid: "k" };

const serve = async (listener: RequestListener) => {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return {
    url: `http://127.0.0.1:${address.port}/jwks`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

test("token keys: are those of the file, and follow it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keys-"));
  const keysFile = join(folder, "keys.json");
  await writeFile(keysFile, jwks);
  const { clock, step } = steppedClock();
  const opened = await openTokenKeys({ ...base, keysFile, hs256: false }, { clock, logger: silentLogger });
  const { keys } = opened.tokens;
  assert.equal(keys.candidates(ofKid).length, 1);
  assert.equal(keys.candidates({ alg: "HS256" }).length, 0);
  await writeFile(keysFile, jwks.replace('"k"', '"next"'));
  for (let waited = 0; keys.candidates(ofKid).length > 0; waited++) {
    assert.ok(waited < 1_000, "the keys do not follow their file");
    await step(1_000);
  }
  assert.equal(keys.candidates({ alg: "EdDSA", kid: "next" }).length, 1);
  await opened.close();
  await rm(folder, { recursive: true });
});

test("token keys: end the start when the file is not there or holds none", async () => {
  const { clock } = steppedClock();
  for (const keysFile of ["/nowhere/keys.json", import.meta.filename, "/dev/zero", "/"]) {
    await assert.rejects(
      openTokenKeys({ ...base, keysFile, hs256: false }, { clock, logger: silentLogger }),
      (error) => error instanceof Fatal && error.code === "BAD_KEYS",
      keysFile,
    );
  }
});

test("token keys: are waited for when the provider is away at the start, and there is a reason not to be ready", async () => {
  let up = false;
  const provider = await serve((_request, response) => (up ? response.end(jwks) : response.writeHead(503).end()));
  const { clock, step } = steppedClock();
  const opened = await openTokenKeys({ ...base, keysUrl: provider.url, hs256: false }, { clock, logger: silentLogger });
  assert.equal(opened.reasons().length, 1);
  assert.equal(opened.tokens.keys.known(), false);
  up = true;
  for (let waited = 0; opened.reasons().length > 0; waited++) {
    assert.ok(waited < 1_000, "the keys are not read again");
    await step(1_000);
  }
  assert.equal(opened.tokens.keys.candidates(ofKid).length, 1);
  await opened.close();
  await provider.close();
});

test("token keys: are not taken of a provider that redirects, answers too much, or unpacks to too much", async () => {
  const answers: Readonly<Record<string, RequestListener>> = {
    redirect: (_request, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
    "too much": (_request, response) => response.end(" ".repeat(300_000)),
    endless: (_request, response) => {
      const more = (): void => {
        while (response.writable && response.write(" ".repeat(65_536)));
      };
      response.on("drain", more);
      more();
    },
    "a bomb": (_request, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(50_000_000, 32))),
    "an error": (_request, response) => response.writeHead(500).end(jwks),
    "cut off": (_request, response) => {
      response.writeHead(200, { "content-length": "1000" }).write("{", () => response.destroy());
    },
  };
  for (const [what, listener] of Object.entries(answers)) {
    const provider = await serve(listener);
    await assert.rejects(fetchBounded(provider.url), Error, what);
    await provider.close();
  }
  const good = await serve((_request, response) => response.end(jwks));
  assert.equal(await fetchBounded(good.url), jwks);
  await good.close();
});
