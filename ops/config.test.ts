/** The configuration: defaults, ranges, secrets by file, and all mistakes at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { engineSettings } from "../engine/app/config/engine-config.ts";
import { redacted } from "../engine/app/config/redact.ts";
import { InvalidConfig } from "../engine/app/config/settings.ts";
import { readConfig, shopSettings, shopVariables } from "./config.ts";

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

test("config: remarks that an API would not start when its two ports are one, and lets a worker start", () => {
  const remarksOf = (ports: Readonly<Record<string, string>>) =>
    shopSettings.remarks({ ...addresses, ...ports }, noFiles);
  assert.match(
    remarksOf({ SLUICE_HEALTH_PORT: "8080" }).join(),
    /^SLUICE_HEALTH_PORT: expected another port than SLUICE_API_PORT/,
  );
  assert.deepEqual(remarksOf({}), []);
  assert.deepEqual(remarksOf({ SLUICE_API_PORT: "0" }), []);
  assert.deepEqual(problemsOf({ ...addresses, SLUICE_HEALTH_PORT: "8080" }), []);
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

test("config: reads a secret from its file when the variable names one", () => {
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

test("config: names settings that contradict each other, all at once", () => {
  const problems = problemsOf({
    ...addresses,
    SLUICE_DRAIN_MS: "30000",
    SLUICE_SESSION_TIMEOUT_MS: "30000",
    SLUICE_STALL_UNREADY_MS: "5000",
    SLUICE_STALL_END_MS: "4999",
    SLUICE_MAX_ROUND: "200",
    SLUICE_MAX_UNFINISHED: "199",
    SLUICE_API_PORT: "http",
  });
  const named = problems.map((problem) => problem.split(":")[0]);
  assert.deepEqual(named.toSorted(), [
    ...["SLUICE_API_PORT", "SLUICE_DRAIN_MS", "SLUICE_DRAIN_MS", "SLUICE_MAX_ROUND", "SLUICE_STALL_UNREADY_MS"],
  ]);
  const platform = { SLUICE_PLATFORM_URL: "http://x/", SLUICE_PLATFORM_TIMEOUT_MS: "3000", SLUICE_DRAIN_MS: "3000" };
  assert.match(problemsOf({ ...addresses, ...platform }).join(), /^SLUICE_PLATFORM_TIMEOUT_MS:/);
});

test("config: names contradictions beside settings that are wrong by themselves or missing, and none that these may be guilty of", () => {
  const { SLUICE_REDIS_URL: _, ...without } = addresses;
  const problems = problemsOf({
    ...without,
    SLUICE_MAX_ATTEMPTS: "many",
    SLUICE_KEYS_KEPT_HOURS: "8760",
    SLUICE_REFUSALS_KEPT_HOURS: "1000",
    SLUICE_STALL_UNREADY_MS: "5000",
    SLUICE_STALL_END_MS: "4999",
    // Of these two nothing can be said.
    SLUICE_DRAIN_MS: "30000",
    SLUICE_SESSION_TIMEOUT_MS: "long",
  });
  const named = problems.map((problem) => problem.split(":")[0]);
  assert.deepEqual(named.toSorted(), [
    ...["SLUICE_DRAIN_MS", "SLUICE_MAX_ATTEMPTS", "SLUICE_REDIS_URL", "SLUICE_REFUSALS_KEPT_HOURS"],
    ...["SLUICE_SESSION_TIMEOUT_MS", "SLUICE_STALL_UNREADY_MS"],
  ]);
  assert.match(problems.join(), /SLUICE_DRAIN_MS: expected less than 25000/);
});

test("config: refuses addresses of brokers that the client cannot use, and says what to give for IPv6", () => {
  assert.match(problemsOf({ ...addresses, SLUICE_BROKERS: "[::1]:9092" }).join(), /give a name/);
  for (const wrong of ["::1:9092", "[::1]", "host:0", "host:65536", "host", ":1"])
    assert.match(problemsOf({ ...addresses, SLUICE_BROKERS: wrong }).join(), /^SLUICE_BROKERS:/, wrong);
});

test("config: reads the registry's address from a file, because it may hold credentials", () => {
  const { SLUICE_REGISTRY_URL: url, ...rest } = addresses;
  assert.equal(readConfig({ ...rest, SLUICE_REGISTRY_URL_FILE: "/f" }, () => `${url}\n`).registryUrl, url);
});

test("config: sends the registry's user and password with its address, and shows neither", () => {
  const given = {
    ...addresses,
    SLUICE_REGISTRY_URL: "https://registry.example/base",
    SLUICE_REGISTRY_AUTH_FILE: "/run/auth",
  };
  const { registryUrl } = readConfig(given, () => "key:p@ss/w:rd%\n");
  const { username, password, host, pathname } = new URL(registryUrl);
  assert.deepEqual([username, password].map(decodeURIComponent).concat(host, pathname), [
    "key",
    "p@ss/w:rd%",
    "registry.example",
    "/base",
  ]);
  assert.equal(redacted({ registryUrl })["registryUrl"], "https://registry.example/base");
  const shown = shopSettings.explain(given, () => "key:hunter2").find(({ name }) => name === "SLUICE_REGISTRY_AUTH");
  assert.deepEqual(shown, { name: "SLUICE_REGISTRY_AUTH", value: "(secret, 11 bytes)", from: "file" });
  for (const auth of ["hunter2", ":hunter2", "key:"]) {
    const problems = problemsOf({ ...addresses, SLUICE_REGISTRY_AUTH: auth });
    assert.ok(problems[0]?.startsWith("SLUICE_REGISTRY_AUTH:") && !problems.join().includes("hunter2"), `${problems}`);
  }
  const twice = { ...addresses, SLUICE_REGISTRY_URL: "http://a:b@x/", SLUICE_REGISTRY_AUTH: "c:d" };
  assert.match(problemsOf(twice).join(), /^SLUICE_REGISTRY_AUTH:/);
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

test("config: explains where each setting is from when they come from defaults, variables and files", () => {
  const explained = shopSettings.explain(
    { ...addresses, SLUICE_MAX_ROUND: "7", SLUICE_TOKEN_SECRET_FILE: "/run/secret" },
    () => `${"s".repeat(40)}\n`,
  );
  const of = (wanted: string) => explained.find(({ name }) => name === wanted);
  assert.deepEqual(
    explained.map(({ name }) => name),
    [...Object.keys(engineSettings), ...Object.keys(shopVariables)].toSorted(),
  );
  assert.deepEqual(of("SLUICE_MAX_ROUND"), { name: "SLUICE_MAX_ROUND", value: "7", from: "environment" });
  assert.deepEqual(of("SLUICE_MAX_ATTEMPTS"), { name: "SLUICE_MAX_ATTEMPTS", value: "5", from: "default" });
  assert.deepEqual(of("SLUICE_PLATFORM_URL"), { name: "SLUICE_PLATFORM_URL", value: undefined, from: "default" });
  assert.deepEqual(of("SLUICE_TOKEN_SECRET"), {
    name: "SLUICE_TOKEN_SECRET",
    value: "(secret, 40 bytes)",
    from: "file",
  });
});

test("config: explains no secret when one looks like a URL or is part of one", () => {
  const explained = shopSettings.explain(
    {
      ...addresses,
      SLUICE_REGISTRY_URL: "https://me:hunter3@registry.test/v7?ssl-ca=/hunter4",
      SLUICE_TOKEN_SECRET: `secret://hunter5/${"x".repeat(32)}`,
    },
    () => "a certificate",
  );
  assert.doesNotMatch(JSON.stringify(explained), /hunter/);
  assert.equal(explained.find(({ name }) => name === "SLUICE_REGISTRY_URL")?.value, "https://registry.test/v7");
});

const developmentSecret = readConfig(addresses, noFiles).tokenSecret.toString();

test("config: refuses the development secret on any address but loopback, whatever the environment and whatever is around it", () => {
  const texts = [developmentSecret, `${developmentSecret} `, `\t${developmentSecret}\n`, `"${developmentSecret}"`];
  for (const secret of [...texts, developmentSecret.toUpperCase(), undefined]) {
    for (const host of ["0.0.0.0", "::", "10.0.0.7", "api.example", "127.0.0.1.example", "localhost.example"]) {
      const problems = problemsOf({
        ...addresses,
        SLUICE_API_HOST: host,
        ...(secret === undefined ? {} : { SLUICE_TOKEN_SECRET: secret }),
      });
      assert.match(problems.join(), /^SLUICE_TOKEN_SECRET: the development value is refused/, `${secret} on ${host}`);
    }
    for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1"]) {
      assert.deepEqual(problemsOf({ ...addresses, SLUICE_API_HOST: host, SLUICE_TOKEN_SECRET: secret ?? "" }), []);
    }
    if (secret === undefined) continue;
    for (const name of ["SLUICE_TOKEN_SECRET", "SLUICE_TOKEN_SECRET_FORMER"]) {
      const env: Record<string, string> = {
        SLUICE_ENV: "production",
        SLUICE_TOKEN_SECRET: "s".repeat(32),
        [name]: secret,
      };
      const refused = problemsOf({ ...addresses, ...env }).filter((problem) => problem.startsWith(`${name}:`));
      assert.equal(refused.length, 1, `${name} ${refused}`);
    }
  }
  const former = { SLUICE_TOKEN_SECRET: "s".repeat(32), SLUICE_TOKEN_SECRET_FORMER: developmentSecret };
  assert.match(
    problemsOf({ ...addresses, ...former, SLUICE_API_HOST: "0.0.0.0" }).join(),
    /^SLUICE_TOKEN_SECRET_FORMER:/,
  );
});

test("config: takes a secret without the blanks around it, from a variable as from a file", () => {
  const secret = "s".repeat(40);
  const config = readConfig({ ...addresses, SLUICE_TOKEN_SECRET: ` ${secret}\n` }, noFiles);
  assert.equal(config.tokenSecret.toString(), secret);
  assert.match(problemsOf({ ...addresses, SLUICE_TOKEN_SECRET: " ".repeat(40) }).join(), /32 bytes/);
});

test("config: takes tokens of the secret or of public keys, and of both only when it is said", () => {
  const tokensOf = (env: Record<string, string>) => readConfig({ ...addresses, ...env }, noFiles).tokens;
  const keys = {
    SLUICE_TOKEN_KEYS_URL: "https://id.example/jwks",
    SLUICE_TOKEN_ISSUER: "https://id.example/",
    SLUICE_TOKEN_AUDIENCE: "sluice",
  };
  assert.equal(tokensOf({}).hs256, true);
  assert.equal(tokensOf(keys).hs256, false);
  assert.equal(tokensOf({ ...keys, SLUICE_TOKEN_HS256: "yes" }).hs256, true);
  const { SLUICE_TOKEN_KEYS_URL: _url, ...rest } = keys;
  assert.equal(tokensOf({ ...rest, SLUICE_TOKEN_KEYS_FILE: "/keys" }).hs256, false);
  assert.equal(tokensOf({ SLUICE_TOKEN_SECRET_FORMER: "f".repeat(32) }).secrets.length, 2);
  for (const name of ["SLUICE_TOKEN_ISSUER", "SLUICE_TOKEN_AUDIENCE"] as const) {
    assert.match(problemsOf({ ...addresses, ...keys, [name]: "" }).join(), new RegExp(`^${name}: is required`));
  }
  assert.match(problemsOf({ ...addresses, SLUICE_TOKEN_HS256: "no" }).join(), /^SLUICE_TOKEN_HS256: expected yes/);
  for (const url of ["http://id.example/jwks", "https://user:pw@id.example/", "file:///etc/passwd", "jwks"]) {
    assert.match(problemsOf({ ...addresses, ...keys, SLUICE_TOKEN_KEYS_URL: url }).join(), /^SLUICE_TOKEN_KEYS_URL:/);
  }
  assert.deepEqual(problemsOf({ ...addresses, ...keys, SLUICE_TOKEN_KEYS_URL: "http://127.0.0.1:9/jwks" }), []);
});

test("config: keeps refusals for longer than a request can be read again after its key is forgotten", () => {
  assert.match(
    problemsOf({ ...addresses, SLUICE_KEYS_KEPT_HOURS: "200" }).join(),
    /^SLUICE_REFUSALS_KEPT_HOURS: expected 912 more/,
  );
  const kept = { SLUICE_KEYS_KEPT_HOURS: "200", SLUICE_REFUSALS_KEPT_HOURS: "1112" };
  assert.equal(readConfig({ ...addresses, ...kept }, noFiles).refusalsKeptMs, 1_112 * 3_600_000);
});
