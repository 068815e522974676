/** No setting that may hold a secret shows it: in what is logged at a start, in `config show`, and in what a mistake says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { engineSecrets, engineSettings } from "../engine/app/config/engine-config.ts";
import { redacted } from "../engine/app/config/redact.ts";
import { readConfig, shopSettings, shopVariables } from "./config.ts";

const names = Object.keys({ ...engineSettings, ...shopVariables });
const urls = names.filter((name) => name.endsWith("_URL"));
const secured = {
  SLUICE_BROKERS: "broker.example:9093",
  SLUICE_KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
  SLUICE_KAFKA_SASL_MECHANISM: "PLAIN",
  SLUICE_KAFKA_USERNAME: "me",
  SLUICE_KAFKA_PASSWORD: "p",
  SLUICE_REGISTRY_URL: "https://registry.example/v7",
  SLUICE_DATABASE_URL: "mysql://database.example/shop?ssl-mode=VERIFY_IDENTITY&ssl-ca=/ca.pem",
  SLUICE_REDIS_URL: "rediss://redis.example/1",
};
const anyFile = (): string => "text";

/** What anybody gets to see of an environment: what is logged, what `config show` prints, or what the mistakes are. */
const shownOf = (env: Record<string, string>, readFile: (path: string) => string = anyFile): string => {
  try {
    const logged = JSON.stringify(redacted(readConfig(env, readFile)));
    return logged + JSON.stringify(shopSettings.explain(env, readFile));
  } catch (error) {
    return error instanceof Error ? `${error.message} ${error.stack}` : String(error);
  }
};

/** Ways in which a secret gets into an address: where it belongs, and where people put it by mistake. */
const places: readonly ((protocol: string, secret: string) => string)[] = [
  (protocol, secret) => `${protocol}://me:${encodeURIComponent(secret)}@host.example/1`,
  (protocol, secret) => `${protocol}://${encodeURIComponent(secret)}:x@host.example/1`,
  (protocol, secret) => `${protocol}://me:${secret}@host.example/1`,
  (protocol, secret) => `x${protocol}://me:${secret}@host.example/1`,
  (protocol, secret) => `${protocol}://host.example/1?password=${secret}`,
  (protocol, secret) => `${protocol}://host.example/1?ssl-ca=/${secret}`,
  (protocol, secret) => `${protocol}://host.example/1?ssl-ca=/${secret}&ssl-ca=/${secret}`,
  (protocol, secret) => `${protocol}://host.example/1?${secret}`,
  (protocol, secret) => `${protocol}://host.example/1#${secret}`,
  (protocol, secret) => `${protocol}:${secret}`,
  (_, secret) => secret,
];
const protocolOf = (name: string): string =>
  ({ SLUICE_DATABASE_URL: "mysql", SLUICE_REDIS_URL: "rediss" })[name] ?? "https";

const secret = fc.stringMatching(/^hunter[a-z0-9]{8}[%/?#@:&=+ ~]{0,2}$/);

test("secrets: are shown by no URL setting, wherever in the URL they are, right or wrong", () => {
  assert.ok(urls.length >= 4, `${urls}`);
  const cases = fc.record({ name: fc.constantFrom(...urls), place: fc.constantFrom(...places), secret });
  fc.assert(
    fc.property(cases, ({ name, place, secret: text }) => {
      const url = place(protocolOf(name), text);
      assert.doesNotMatch(shownOf({ ...secured, [name]: url }), /hunter/);
      const { [name as keyof typeof secured]: _, ...rest } = secured;
      assert.doesNotMatch(
        shownOf({ ...rest, [`${name}_FILE`]: "/f" }, () => url),
        /hunter/,
      );
    }),
    { numRuns: 1_000 },
  );
});

test("secrets: are shown by no setting that is one, in itself or by file, right or wrong", () => {
  const plain = [...engineSecrets, "SLUICE_TOKEN_SECRET"].filter(
    // A user's name is no secret, but comes by file together with one.
    (name) => !name.endsWith("_URL") && name !== "SLUICE_KAFKA_USERNAME",
  );
  const shape = fc.constantFrom(
    (text: string) => text,
    (text: string) => `me:${text}`,
    (text: string) => `${text}${"x".repeat(32)}`,
    (text: string) => `https://me:${text}@host.example/?${text}`,
  );
  fc.assert(
    fc.property(fc.constantFrom(...plain), shape, secret, (name, make, text) => {
      const value = make(text);
      assert.doesNotMatch(shownOf({ ...secured, [name]: value }), /hunter/);
      const { [name as keyof typeof secured]: _, ...rest } = secured;
      assert.doesNotMatch(
        shownOf({ ...rest, [`${name}_FILE`]: "/f" }, () => value),
        /hunter/,
      );
      assert.doesNotMatch(shownOf({ ...secured, [name]: value, SLUICE_TYPO: value }), /hunter/);
    }),
    { numRuns: 500 },
  );
});

test("secrets: are shown by no setting that names a file, when they are given in its place", () => {
  const noFile = (path: string): string => {
    throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: "ENOENT" });
  };
  const byFile = [...engineSecrets, "SLUICE_TOKEN_SECRET", "SLUICE_DATABASE_URL", "SLUICE_REDIS_URL"];
  const files = [
    ...byFile.map((name) => `${name}_FILE`),
    ...names.filter((name) => /_(SSL_\w+|TOKEN_FILE)$/.test(name)),
  ];
  fc.assert(
    fc.property(fc.constantFrom(...files), secret, (name, text) => {
      assert.doesNotMatch(shownOf({ ...secured, [name]: text }, noFile), /hunter/);
      const url = `rediss://host.example?ssl-ca=${encodeURIComponent(text)}`;
      assert.doesNotMatch(shownOf({ ...secured, SLUICE_REDIS_URL: url }, noFile), /hunter/);
    }),
    { numRuns: 200 },
  );
});

test("secrets: may each be given by file", () => {
  const byFile: Record<string, string> = {
    SLUICE_KAFKA_USERNAME: "me",
    SLUICE_KAFKA_PASSWORD: "hunter",
    SLUICE_REGISTRY_AUTH: "me:hunter",
    SLUICE_REGISTRY_URL: secured.SLUICE_REGISTRY_URL,
    SLUICE_DATABASE_URL: secured.SLUICE_DATABASE_URL,
    SLUICE_REDIS_URL: secured.SLUICE_REDIS_URL,
    SLUICE_TOKEN_SECRET: "hunter".repeat(8),
  };
  const files = Object.fromEntries(Object.keys(byFile).map((name) => [`${name}_FILE`, `/${name}`]));
  const { SLUICE_BROKERS, SLUICE_KAFKA_SECURITY_PROTOCOL, SLUICE_KAFKA_SASL_MECHANISM } = secured;
  const env = { SLUICE_BROKERS, SLUICE_KAFKA_SECURITY_PROTOCOL, SLUICE_KAFKA_SASL_MECHANISM, ...files };
  const config = readConfig(env, (path) => byFile[path.slice(1)] ?? "");
  assert.deepEqual(config.brokers, {
    hosts: ["broker.example:9093"],
    tls: { ca: undefined, cert: undefined, key: undefined },
    sasl: { mechanism: "PLAIN", username: "me", password: Buffer.from("hunter") },
  });
  assert.equal(config.registryUrl, "https://me:hunter@registry.example/v7");
});
