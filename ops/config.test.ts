/** The configuration: defaults, ranges, secrets by file, and all mistakes at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidConfig, readConfig, redacted } from "./config.ts";

const noFiles = (path: string): string => {
  throw new Error(`ENOENT: ${path}`);
};

const problemsOf = (env: Record<string, string>, readFile = noFiles): readonly string[] => {
  try {
    readConfig(env, readFile);
  } catch (error) {
    if (error instanceof InvalidConfig) return error.problems;
    throw error;
  }
  return [];
};

const addresses = {
  SLUICE_BROKERS: "127.0.0.1:19092, 127.0.0.1:29092",
  SLUICE_REGISTRY_URL: "http://127.0.0.1:8081/apis/ccompat/v7",
  SLUICE_DATABASE_URL: "mysql://user:hunter2hunter2@127.0.0.1:3306/hhplus",
  SLUICE_REDIS_URL: "redis://127.0.0.1:6379",
};

test("config: needs nothing but addresses when in development", () => {
  const config = readConfig({ PATH: "/bin", ...addresses }, noFiles);
  assert.deepEqual(config.brokers, ["127.0.0.1:19092", "127.0.0.1:29092"]);
  assert.equal(config.groupPrefix, "my-group");
});

test("config: names every mistake at once when several are made", () => {
  const problems = problemsOf({
    SLUICE_BROKERS: "nonsense",
    SLUICE_MAX_ROUND: "0",
    SLUICE_API_PORT: "http",
    SLUICE_DATABASE_URL: "postgres://x/y",
    SLUICE_TYPO: "1",
  });
  for (const name of ["SLUICE_BROKERS", "SLUICE_MAX_ROUND", "SLUICE_API_PORT", "SLUICE_DATABASE_URL", "SLUICE_TYPO"])
    assert.ok(
      problems.some((problem) => problem.startsWith(`${name}:`)),
      `${name} in ${problems}`,
    );
});

test("config: requires addresses and secrets when in production", () => {
  const problems = problemsOf({ SLUICE_ENV: "production" });
  for (const name of [
    "SLUICE_BROKERS",
    "SLUICE_REGISTRY_URL",
    "SLUICE_DATABASE_URL",
    "SLUICE_REDIS_URL",
    "SLUICE_TOKEN_SECRET",
  ])
    assert.ok(
      problems.some((problem) => problem.startsWith(`${name}: is required`)),
      `${name} in ${problems}`,
    );
});

test("config: refuses the development secret when in production", () => {
  const secret = readConfig(addresses, noFiles).tokenSecret.toString();
  assert.ok(problemsOf({ SLUICE_ENV: "production", SLUICE_TOKEN_SECRET: secret }).some((p) => p.includes("refused")));
});

test("config: refuses workers that are not fenced when in production", () => {
  assert.equal(readConfig({ ...addresses, SLUICE_UNFENCED: "yes" }, noFiles).unfenced, true);
  assert.ok(problemsOf({ SLUICE_ENV: "production", SLUICE_UNFENCED: "yes" }).some((p) => p.includes("not fenced")));
});

test("config: reads a secret from its file when told where it is", () => {
  const secret = "s".repeat(40);
  const config = readConfig({ ...addresses, SLUICE_TOKEN_SECRET_FILE: "/run/secret" }, (path) => {
    assert.equal(path, "/run/secret");
    return `${secret}\n`;
  });
  assert.equal(config.tokenSecret.toString(), secret);
});

test("config: names the file when a secret cannot be read or is given twice", () => {
  assert.ok(problemsOf({ SLUICE_TOKEN_SECRET_FILE: "/nowhere" })[0]?.includes("/nowhere"));
  const twice = problemsOf(
    { ...addresses, SLUICE_REDIS_URL: "redis://a:1", SLUICE_REDIS_URL_FILE: "/f" },
    () => "redis://b:2",
  );
  assert.ok(twice.some((problem) => problem.includes("given twice")));
});

test("config: shows no secret when it is redacted or wrong", () => {
  const env = { ...addresses, SLUICE_TOKEN_SECRET: "t".repeat(33) };
  const shown = JSON.stringify(redacted(readConfig(env, noFiles)));
  assert.ok(!shown.includes("hunter2") && !shown.includes("ttt"), shown);
  assert.ok(!problemsOf({ SLUICE_TOKEN_SECRET: "short-secret" }).join().includes("short-secret"));
});

test("config: asks for the platform's address where it is needed only, and for none with credentials", () => {
  const platformOf = (env: Record<string, string>) => readConfig({ ...addresses, ...env }, noFiles).platform;
  assert.deepEqual(platformOf({}), { url: undefined, concurrency: 64, timeoutMs: 5_000 });
  assert.equal(platformOf({ SLUICE_PLATFORM_URL: "http://127.0.0.1:8090/v1/payments" }).url?.length, 33);
  for (const url of ["http://user:hunter2@x/", "http://user@x/", "ftp://x/", "x:80"]) {
    const problems = problemsOf({ ...addresses, SLUICE_PLATFORM_URL: url });
    assert.ok(problems[0]?.startsWith("SLUICE_PLATFORM_URL:") && !problems.join().includes("hunter2"), `${problems}`);
  }
});
