/** Settings of connections: what is honoured, what is refused by name, and contradictions together. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidConfig } from "../engine/app/config/settings.ts";
import { readConfig } from "./config.ts";

const plain = {
  SLUICE_BROKERS: "127.0.0.1:9092",
  SLUICE_REGISTRY_URL: "http://127.0.0.1:8081/v7",
  SLUICE_DATABASE_URL: "mysql://127.0.0.1/shop",
  SLUICE_REDIS_URL: "redis://127.0.0.1",
};
const noFiles = (): string => {
  throw Object.assign(new Error("no such file"), { code: "ENOENT" });
};

const problemsOf = (env: Record<string, string>, readFile: (path: string) => string = () => ""): readonly string[] => {
  try {
    readConfig({ ...plain, ...env }, readFile);
  } catch (error) {
    if (error instanceof InvalidConfig) return error.problems;
    throw error;
  }
  return [];
};

for (const [what, env, problem] of [
  [
    "a parameter is not known",
    { SLUICE_DATABASE_URL: "mysql://h/s?sslmode=require" },
    /^SLUICE_DATABASE_URL: has the parameter sslmode/,
  ],
  ["a mode is not known", { SLUICE_DATABASE_URL: "mysql://h/s?ssl-mode=PREFERRED" }, /ssl-mode to be DISABLED/],
  [
    "a mode contradicts its files",
    { SLUICE_DATABASE_URL: "mysql://h/s?ssl-mode=DISABLED&ssl-ca=/ca" },
    /than DISABLED/,
  ],
  [
    "an address has no name to check",
    { SLUICE_DATABASE_URL: "mysql://10.0.0.1/s?ssl-mode=VERIFY_IDENTITY" },
    /a host's name/,
  ],
  ["a schema is missing", { SLUICE_DATABASE_URL: "mysql://h" }, /^SLUICE_DATABASE_URL: expected a schema/],
  ["a certificate has no key", { SLUICE_REDIS_URL: "rediss://h?ssl-cert=/c" }, /ssl-cert and ssl-key together/],
  ["a certificate is for plain text", { SLUICE_REDIS_URL: "redis://h?ssl-ca=/c" }, /expected rediss:\/\//],
  ["a logical database is no number", { SLUICE_REDIS_URL: "redis://h/zero" }, /number of a logical database/],
  ["a parameter of Redis's client is given", { SLUICE_REDIS_URL: "redis://h?family=6" }, /the parameter family/],
  ["a registry in plain text has a certificate", { SLUICE_REGISTRY_URL: "http://h/?ssl-ca=/c" }, /expected https:/],
  [
    "the registry's user is given twice",
    { SLUICE_REGISTRY_URL: "http://a:b@h/", SLUICE_REGISTRY_AUTH: "c:d" },
    /^SLUICE_REGISTRY_AUTH: expected no user/,
  ],
  [
    "the registry has a user and a token",
    { SLUICE_REGISTRY_AUTH: "c:d", SLUICE_REGISTRY_TOKEN_FILE: "/t" },
    /^SLUICE_REGISTRY_TOKEN_FILE: expected no SLUICE_REGISTRY_AUTH/,
  ],
  [
    "a password has a percent sign",
    { SLUICE_REDIS_URL: "redis://:100%@h" },
    /^SLUICE_REDIS_URL: expected two hexadecimal digits/,
  ],
  [
    "Kafka's mechanism is missing",
    { SLUICE_KAFKA_SECURITY_PROTOCOL: "SASL_SSL" },
    /^SLUICE_KAFKA_SASL_MECHANISM: is required/,
  ],
  [
    "Kafka's password is for plain text",
    { SLUICE_KAFKA_PASSWORD: "p" },
    /^SLUICE_KAFKA_PASSWORD: is not used by SLUICE_KAFKA_SECURITY_PROTOCOL PLAINTEXT/,
  ],
  ["Kafka's certificate is for plain text", { SLUICE_KAFKA_SSL_CA: "/ca" }, /^SLUICE_KAFKA_SSL_CA: is not used/],
  [
    "a path is relative",
    { SLUICE_KAFKA_SECURITY_PROTOCOL: "SSL", SLUICE_KAFKA_SSL_CA: "ca.pem" },
    /^SLUICE_KAFKA_SSL_CA: expected an absolute path/,
  ],
  [
    "Kafka's certificate has no key",
    { SLUICE_KAFKA_SECURITY_PROTOCOL: "SSL", SLUICE_KAFKA_SSL_CERT: "/c" },
    /SLUICE_KAFKA_SSL_KEY together/,
  ],
] as const)
  test(`connections: are refused by the setting's name when ${what}`, () => {
    const problems = problemsOf(env);
    assert.equal(problems.length, 1, problems.join());
    assert.match(problems[0] ?? "", problem);
  });

test("connections: are refused with all files that cannot be read, together with what else is wrong", () => {
  const problems = problemsOf(
    {
      SLUICE_KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
      SLUICE_KAFKA_SASL_MECHANISM: "OAUTHBEARER",
      SLUICE_KAFKA_TOKEN_FILE: "/token",
      SLUICE_KAFKA_SSL_CA: "/kafka-ca",
      SLUICE_KAFKA_USERNAME: "me",
      SLUICE_REGISTRY_URL: "https://h/?ssl-ca=/registry-ca",
      SLUICE_DATABASE_URL: "mysql://h/s?ssl-ca=/database-ca",
      SLUICE_REDIS_URL: "rediss://h?ssl-ca=/redis-ca",
      SLUICE_DRAIN_MS: "30000",
    },
    noFiles,
  );
  for (const named of [
    "/token",
    "/kafka-ca",
    "/registry-ca",
    "/database-ca",
    "/redis-ca",
    "SLUICE_KAFKA_USERNAME",
    "SLUICE_DRAIN_MS",
  ])
    assert.ok(
      problems.some((problem) => problem.includes(named)),
      `${named} in ${problems.join("\n")}`,
    );
});

test("connections: are honoured when they are right", () => {
  const secured = {
    SLUICE_KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
    SLUICE_KAFKA_SASL_MECHANISM: "SCRAM-SHA-512",
    SLUICE_KAFKA_USERNAME: "me",
    SLUICE_KAFKA_PASSWORD: "p",
    SLUICE_REGISTRY_URL: "https://h/v7?ssl-ca=/ca",
    SLUICE_REGISTRY_TOKEN_FILE: "/t",
    SLUICE_DATABASE_URL: "mysql://h/s?ssl-mode=VERIFY_CA&ssl-cert=/c&ssl-key=/k",
    SLUICE_REDIS_URL: "rediss://me:p@h/2?ssl-ca=/ca",
  };
  assert.deepEqual(problemsOf(secured), []);
  assert.equal(readConfig({ ...plain, ...secured }, () => "").registryUrl, "https://h/v7?ssl-ca=%2Fca&token-file=%2Ft");
});
