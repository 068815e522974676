/** Everything by TLS and with a name: each client, renewed certificates, and the shop as processes that show no secret. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { startOnStack, type StackChild } from "../../dev/children.ts";
import { layoutOf, repositoryRoot } from "../../dev/stack/layout.ts";
import { applyApp } from "../../engine/app/apply.ts";
import { Unavailable } from "../../engine/errors.ts";
import { kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import type { Sasl } from "../../engine/log/kafka/brokers.ts";
import { confluentAdmin } from "../../engine/registry/admin.ts";
import { RegistryUnavailable } from "../../engine/registry/http.ts";
import { registryVersion } from "../../engine/registry/version.ts";
import { type Config, readConfig } from "../../ops/config.ts";
import { couponIssueRequests, couponsIssued } from "../../schemas/coupon.ts";
import { app } from "../../sluice.config.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { inspectDatabase, missingRights, rightsToApply, rightsToRun } from "../../stores/mysql/inspect.ts";
import { openRedis } from "../../stores/redis/connection.ts";
import { openCoupon, tokenFor } from "../testing/coupon-traffic.ts";
import { openAcls, type Right } from "../testing/kafka-acls.ts";
import { type SecuredStack, secrets, startSecuredStack } from "../testing/secured-stack.ts";
import { until } from "../testing/stack-under-test.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-secured-"));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
};
/** A token that nobody signed, for five minutes. */
const bearer = (): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const iat = Math.floor(Date.now() / 1_000);
  return `${part({ alg: "none" })}.${part({ sub: "sluice", iat, exp: iat + 300 })}.`;
};

let stack: SecuredStack;
const children: StackChild[] = [];
before(async () => {
  stack = await startSecuredStack();
});
after(async () => {
  await Promise.all(children.map(({ child }) => child.stop()));
  await stack?.close();
  rmSync(folder, { recursive: true });
});

const tlsParameters = (ca = stack.certificates.ca): string => {
  const { cert, key } = stack.certificates.client;
  return new URLSearchParams({ "ssl-ca": ca, "ssl-cert": cert, "ssl-key": key }).toString();
};
const databaseUrl = (user: string, password: string, parameters: string): string =>
  `mysql://${user}:${encodeURIComponent(password)}@${stack.databaseHost}/${stack.schema}?${parameters}`;
const redisUrl = (ca?: string): string =>
  `rediss://sluice:${encodeURIComponent(secrets.redis)}@${stack.redisHost}/0?${tlsParameters(ca)}`;
const registryUrl = (ca?: string): string => {
  const url = new URL(`${stack.registryUrl}?${tlsParameters(ca)}`);
  url.username = "sluice";
  url.password = encodeURIComponent(secrets.registry);
  return url.href;
};

const environment = (sasl: Record<string, string>): Record<string, string> => ({
  SLUICE_BROKERS: stack.brokers,
  SLUICE_KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
  SLUICE_KAFKA_SSL_CA: stack.certificates.ca,
  SLUICE_KAFKA_SSL_CERT: stack.certificates.client.cert,
  SLUICE_KAFKA_SSL_KEY: stack.certificates.client.key,
  ...sasl,
  SLUICE_REGISTRY_URL: `${stack.registryUrl}?${tlsParameters()}`,
  SLUICE_DATABASE_URL_FILE: file("database", databaseUrl("sluice", secrets.runtime, tlsParameters())),
  SLUICE_REDIS_URL_FILE: file("redis", redisUrl()),
  SLUICE_REGISTRY_AUTH_FILE: file("registry", `sluice:${secrets.registry}\n`),
});
const withPassword = (mechanism: string): Record<string, string> => ({
  SLUICE_KAFKA_SASL_MECHANISM: mechanism,
  SLUICE_KAFKA_USERNAME: "sluice",
  SLUICE_KAFKA_PASSWORD_FILE: file("kafka", secrets.kafka),
});
const byToken = (): Record<string, string> => ({
  SLUICE_KAFKA_SASL_MECHANISM: "OAUTHBEARER",
  SLUICE_KAFKA_TOKEN_FILE: file("kafka-token", bearer()),
});
const configOf = (env: Record<string, string>): Config => readConfig(env, (path) => readFileSync(path, "utf8"));

const clusterIdBy = async (sasl: Sasl, ca = stack.certificates.ca): Promise<string> => {
  const tls = { ca, ...stack.certificates.client };
  const admin = await kafkaAdmin({ brokers: { hosts: [stack.brokers], tls, sasl }, clientId: "secured" });
  try {
    return await admin.clusterId();
  } finally {
    await admin.close();
  }
};
const plainSasl = (password: string): Sasl => ({
  mechanism: "PLAIN",
  username: "sluice",
  password: Buffer.from(password),
});

test("kafka: answers by TLS to every SASL mechanism, and refuses a wrong password without repeating it", async () => {
  const password = Buffer.from(secrets.kafka);
  for (const mechanism of ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const)
    assert.ok(await clusterIdBy({ mechanism, username: "sluice", password }), mechanism);
  const tokenFile = file("token", "not a token yet");
  await assert.rejects(clusterIdBy({ mechanism: "OAUTHBEARER", tokenFile }), Unavailable);
  writeFileSync(tokenFile, `${bearer()}\n`);
  assert.ok(await clusterIdBy({ mechanism: "OAUTHBEARER", tokenFile }));
  await assert.rejects(clusterIdBy(plainSasl("hunter-wrong")), (error) => !`${error}`.includes("hunter"));
});

test("registry: answers by TLS to a user and to a token that is read again, and to nobody else", async () => {
  assert.deepEqual(await confluentAdmin({ url: registryUrl() }).versions("none"), []);
  const tokenFile = file("registry-token", "hunter-wrong");
  const url = `${stack.registryUrl}?${tlsParameters()}&token-file=${tokenFile}`;
  const admin = confluentAdmin({ url });
  await assert.rejects(admin.versions("none"), RegistryUnavailable);
  writeFileSync(tokenFile, secrets.token);
  assert.deepEqual(await admin.versions("none"), []);
  assert.match((await registryVersion({ url })) ?? "", /Apicurio/);
});

test("certificates: count from the next connection on when they are renewed, without a restart", async () => {
  const ca = join(folder, "renewed.pem");
  const wrong = (): void => copyFileSync(stack.certificates.otherCa, ca);
  const right = (): void => copyFileSync(stack.certificates.ca, ca);
  wrong();
  const admin = confluentAdmin({ url: registryUrl(ca) });
  const database = openDatabase({ databaseUrl: databaseUrl("sluice", secrets.runtime, tlsParameters(ca)), poolMax: 1 });
  const redis = await openRedis({ redisUrl: redisUrl(ca) });
  const tls = { ca, ...stack.certificates.client };
  const brokers = { hosts: [stack.brokers], tls, sasl: plainSasl(secrets.kafka) };
  try {
    await assert.rejects(admin.versions("none"), /certificate/);
    await assert.rejects(inspectDatabase(database), Unavailable);
    await assert.rejects(redis.ping(), Unavailable);
    await assert.rejects(
      kafkaAdmin({ brokers, clientId: "secured" }).then((kafka) => kafka.clusterId()),
      Unavailable,
    );
    right();
    assert.deepEqual(await admin.versions("none"), []);
    assert.ok((await inspectDatabase(database)).cipher);
    await until("redis is spoken to", () =>
      redis.ping().then(
        () => true,
        () => false,
      ),
    );
    assert.ok(await clusterIdBy(brokers.sasl, ca));
  } finally {
    redis.close();
    await database.close();
  }
});

test("database: is spoken to as its address says, and never in plain text where TLS is asked for", async () => {
  for (const [parameters, encrypted] of [
    ["ssl-mode=REQUIRED", true],
    [`ssl-mode=VERIFY_CA&ssl-ca=${stack.certificates.ca}`, true],
    [`ssl-mode=VERIFY_IDENTITY&ssl-ca=${stack.certificates.ca}`, true],
  ] as const) {
    const database = openDatabase({ databaseUrl: databaseUrl("migration", secrets.migration, parameters), poolMax: 1 });
    const { cipher } = await inspectDatabase(database).finally(database.close);
    assert.equal(cipher !== undefined, encrypted, parameters);
  }
});

test("the stack: keeps its state and logs for its owner alone, and prints no password where it is brought up", async () => {
  const layout = layoutOf(stack.stackName);
  for (const path of [layout.root, layout.logs, layout.data("mariadb"), dirname(layout.config("x"))])
    assert.equal(statSync(path).mode & 0o777, 0o700, path);
  for (const path of [layout.state, layout.log("kafka-1"), layout.config("mariadb.sql")])
    assert.equal(statSync(path).mode & 0o777, 0o600, path);
  const sluice = [join(repositoryRoot, "bin", "sluice.js"), "stack", "up", "--name", stack.stackName];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...sluice, "--json"]);
  assert.match(stdout, /mysql:\/\/127/);
  assert.ok(!(stdout + stderr).includes(new URL(stack.plain.databaseUrl).password), stdout);
});

test("the shop: is deployed by one user and run by another with fewer rights, all encrypted, and shows no secret", async () => {
  const runtime = environment(withPassword("SCRAM-SHA-512"));
  const migration = file("migration", databaseUrl("migration", secrets.migration, tlsParameters()));
  await applyApp(app, configOf({ ...runtime, SLUICE_DATABASE_URL_FILE: migration }));
  const config = configOf(runtime);
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 1 });
  const inspected = await inspectDatabase(database).finally(database.close);
  assert.deepEqual(missingRights(inspected, rightsToRun), []);
  assert.deepEqual(missingRights(inspected, rightsToApply), rightsToApply);

  const start = async (command: "api" | "worker" | "relay", env: Record<string, string>): Promise<StackChild> => {
    const { stackName, plain } = stack;
    // The addresses in plain text are replaced by those of `env`; the URLs are given by file.
    const none = { SLUICE_DATABASE_URL: "", SLUICE_REDIS_URL: "" };
    const { signal } = new AbortController();
    const started = await startOnStack({
      stackName,
      endpoints: plain,
      signal,
      command,
      name: `secured-${command}`,
      env: { ...none, SLUICE_HOLD_GRACE_MS: "1000", ...env },
    });
    children.push(started);
    return started;
  };
  const [api] = await Promise.all([
    start("api", environment(withPassword("PLAIN"))),
    start("worker", runtime),
    start("relay", environment(byToken())),
  ]);
  await issueOne(api.url, config.tokenSecret);
  for (const { child, healthUrl } of children) {
    const log = readFileSync(layoutOf(stack.stackName).log(child.name), "utf8");
    const metrics = await (await fetch(`${healthUrl}/metrics`)).text();
    const title = readFileSync(`/proc/${child.pid}/cmdline`, "utf8");
    assert.match(log, /process.started/);
    for (const secret of Object.values(secrets))
      for (const shape of [secret, encodeURIComponent(secret)])
        assert.ok(![log, metrics, title].some((text) => text.includes(shape)), `${child.name} shows ${shape}`);
  }
});

/** What somebody takes away while everything runs, and who says so. */
const takenAway: readonly (readonly [what: Right, who: "api" | "worker" | "relay"])[] = [
  [{ topic: couponIssueRequests.name, operation: "WRITE" }, "api"],
  [{ topic: couponIssueRequests.name, operation: "READ" }, "worker"],
  [{ topic: couponsIssued.name, operation: "WRITE" }, "worker"],
  [{ group: "my-group.coupon-issuing", operation: "READ" }, "worker"],
];
for (const [at, [right, who]] of takenAway.entries())
  test(`the shop: names what is refused, and goes on by itself when it is allowed again, when a ${who} may not ${JSON.stringify(right)} for a while`, {
    timeout: 180_000,
  }, async () => {
    const { tokenSecret } = configOf(environment(withPassword("PLAIN")));
    const one = children.find(({ child }) => child.name === `secured-${who}`);
    const api = children.find(({ child }) => child.name === "secured-api");
    assert.ok(one !== undefined && api !== undefined);
    const acls = await openAcls(stack.plain.brokers);
    try {
      await acls.allowAll();
      await acls.deny("sluice", right);
      const asked = askFor(api.url, tokenSecret, `refused-${at}`).catch(String);
      await until(`${who} says what is refused`, async () => {
        const answer = await fetch(`${one.healthUrl}/ready`);
        return answer.status === 503 && /KAFKA_REFUSED has lasted for .*SLUICE_KAFKA_/.test(await answer.text());
      });
      await acls.allow("sluice", right);
      await asked;
      await until(`${who} is ready again`, async () => (await fetch(`${one.healthUrl}/ready`)).status === 200);
      await issueOne(api.url, tokenSecret, `allowed-${at}`);
    } finally {
      await acls.allow("sluice", right);
      await acls.close();
    }
  });

/** Opens a coupon, asks for it, and waits for the verdict. */
const issueOne = async (url: string, secret: Buffer, couponId = "secured"): Promise<void> => {
  assert.match(await askFor(url, secret, couponId), /"issued"/i);
};

/** Opens a coupon and asks for it; answers what is said of it within 10 s. */
const askFor = async (url: string, secret: Buffer, couponId: string): Promise<string> => {
  await openCoupon(url, secret, { couponId, stock: 1 });
  const headers = { authorization: `Bearer ${tokenFor(secret, "you")}` };
  const asked = await fetch(`${url}/v1/coupons/${couponId}/reservations`, { method: "POST", headers });
  const { reservationId } = (await asked.json()) as { readonly reservationId: string };
  const told = await fetch(`${url}/v1/reservations/${reservationId}?waitMs=10000`, { headers });
  return told.text();
};
