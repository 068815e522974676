/**
 * A stack of its own where nothing is spoken in plain text: brokers by TLS with client certificates and every SASL mechanism, a
 * registry behind a proxy that wants TLS, a client certificate and credentials, a database and a Redis by TLS, each with
 * users of their own. The doors in plain text are those by which the stack is watched.
 */
import { readFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { stackDown } from "../../dev/stack/down.ts";
import type { StackEndpoints } from "../../dev/stack/endpoints.ts";
import { cacheDirectory, layoutOf } from "../../dev/stack/layout.ts";
import type { StackPlan } from "../../dev/stack/plan.ts";
import { choosePorts, reservePorts } from "../../dev/stack/ports.ts";
import { stackUp } from "../../dev/stack/up.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { addScramUser } from "./scram-users.ts";

/** No log line, metric, title or error may hold one of these. */
export const secrets = {
  kafka: "hunter-kafka-1%",
  registry: "hunter-registry/2",
  token: "hunter-token-3",
  runtime: "hunter-runtime?4",
  migration: "hunter-migration#5",
  redis: "hunter-redis@6",
} as const;

/** The stack, and what reaches it. */
export interface SecuredStack {
  readonly stackName: string;
  readonly certificates: Certificates;
  /** In plain text, for the tools of the stack. */
  readonly plain: StackEndpoints;
  readonly brokers: string;
  readonly registryUrl: string;
  /** Without a user, a path and parameters. */
  readonly databaseHost: string;
  readonly redisHost: string;
  readonly schema: string;
  readonly close: () => Promise<void>;
}

const stackName = "secured";

/** Starts it. */
export const startSecuredStack = async (): Promise<SecuredStack> => {
  await stackDown({ name: stackName });
  const layout = layoutOf(stackName);
  const certificates = await makeCertificates(join(cacheDirectory, "certificates-of-tests"));
  const reservations = reservePorts(new Set());
  const ports = await choosePorts([{ key: "kafka" }, { key: "redis" }], {
    isFree: reservations.isFree,
    start: Math.random(),
  });
  reservations.release();
  const [kafkaPort = 0, redisPort = 0] = [ports["kafka"], ports["redis"]];
  const plain = await stackUp({
    name: stackName,
    brokers: 1,
    adjust: (plan) => secured(plan, { certificates, kafkaPort, redisPort, propertiesOf: layout.config }),
  });
  try {
    for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const)
      await addScramUser(plain.brokers[0] ?? "", { name: "sluice", password: secrets.kafka, mechanism });
    const registry = await registryBehindTls(plain.registryUrl, certificates);
    const database = new URL(plain.databaseUrl);
    return {
      stackName,
      certificates,
      plain,
      brokers: `127.0.0.1:${kafkaPort}`,
      registryUrl: registry.url,
      databaseHost: `localhost:${database.port}`,
      redisHost: `localhost:${redisPort}`,
      schema: database.pathname.slice(1),
      close: async () => {
        await registry.close();
        await stackDown({ name: stackName });
      },
    };
  } catch (error) {
    await stackDown({ name: stackName });
    throw error;
  }
};

interface Securing {
  readonly certificates: Certificates;
  readonly kafkaPort: number;
  readonly redisPort: number;
  readonly propertiesOf: (file: string) => string;
}

/** The plan with TLS beside what it has. */
const secured = (plan: StackPlan, securing: Securing): StackPlan => {
  const { certificates, redisPort, propertiesOf } = securing;
  const { server, ca } = certificates;
  const flags: Readonly<Record<string, readonly string[]>> = {
    mariadb: [`--ssl-cert=${server.cert}`, `--ssl-key=${server.key}`, `--ssl-ca=${ca}`],
    redis: [
      ...["--tls-port", String(redisPort), "--tls-cert-file", server.cert, "--tls-key-file", server.key],
      ...["--tls-ca-cert-file", ca, "--tls-auth-clients", "yes"],
      ...["--user", "sluice", "on", `>${secrets.redis}`, "~*", "&*", "+@all"],
    ],
  };
  const [properties, users] = [propertiesOf("kafka-1.properties"), propertiesOf("mariadb.sql")];
  return {
    ...plan,
    services: plan.services.map((service) => ({
      ...service,
      launch: { ...service.launch, args: [...service.launch.args, ...(flags[service.name] ?? [])] },
    })),
    files: {
      ...plan.files,
      [properties]: brokerProperties(plan.files[properties] ?? "", securing),
      [users]: `${plan.files[users]}${databaseUsers}`,
    },
  };
};

const brokerProperties = (text: string, { certificates: { server, ca }, kafkaPort }: Securing): string => {
  const more = (name: string, value: string) => (line: string) =>
    line.startsWith(`${name}=`) ? `${line},${value}` : line;
  const lines = text
    .trimEnd()
    .split("\n")
    .map(more("listeners", `SECURE://127.0.0.1:${kafkaPort}`))
    .map(more("advertised.listeners", `SECURE://127.0.0.1:${kafkaPort}`))
    .map(more("listener.security.protocol.map", "SECURE:SASL_SSL"));
  const modules = "org.apache.kafka.common.security";
  const jaas = (mechanism: string, module: string) =>
    `listener.name.secure.${mechanism}.sasl.jaas.config=${modules}.${module};`;
  return [
    ...lines,
    "ssl.keystore.type=PEM",
    `ssl.keystore.location=${server.both}`,
    "ssl.truststore.type=PEM",
    `ssl.truststore.location=${ca}`,
    "listener.name.secure.ssl.client.auth=required",
    "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
    jaas("plain", `plain.PlainLoginModule required user_sluice="${secrets.kafka}"`),
    jaas("scram-sha-256", "scram.ScramLoginModule required"),
    jaas("scram-sha-512", "scram.ScramLoginModule required"),
    // Whoever comes by a door in plain text may do everything, and others what no entry refuses.
    "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users=User:ANONYMOUS",
    "allow.everyone.if.no.acl.found=true",
    // The broker's own check of tokens that nobody signed.
    jaas("oauthbearer", 'oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker"'),
    "",
  ].join("\n");
};

/** As docs/connections.md gives them. */
const databaseUsers = [
  `CREATE USER IF NOT EXISTS 'sluice'@'%' IDENTIFIED BY '${secrets.runtime}' REQUIRE X509;`,
  "GRANT SELECT, INSERT, UPDATE, DELETE ON hhplus.* TO 'sluice'@'%';",
  `CREATE USER IF NOT EXISTS 'migration'@'%' IDENTIFIED BY '${secrets.migration}' REQUIRE SSL;`,
  "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES ON hhplus.* TO 'migration'@'%';",
  "",
].join("\n");

const basic = `Basic ${Buffer.from(`sluice:${secrets.registry}`).toString("base64")}`;

/** What stands in front of a registry in most places. */
const registryBehindTls = async (target: string, { server: own, ca }: Certificates) => {
  const { hostname, port } = new URL(target);
  const tls = { cert: readFileSync(own.cert), key: readFileSync(own.key), ca: readFileSync(ca), requestCert: true };
  const proxy = createTlsServer({ ...tls, rejectUnauthorized: true }, (asked, answer) => {
    const { authorization, ...headers } = asked.headers;
    if (authorization !== basic && authorization !== `Bearer ${secrets.token}`) {
      answer.writeHead(401, { "content-type": "application/json" }).end('{"error_code":401,"message":"Unauthorized"}');
      return;
    }
    const { url: path, method } = asked;
    const sent = request(
      { hostname, port, path, method, headers: { ...headers, host: `${hostname}:${port}` } },
      (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      },
    );
    sent.on("error", () => answer.destroy());
    asked.pipe(sent);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  // A server that listens has an address with a port.
  const { port: own2 } = proxy.address() as AddressInfo;
  return {
    url: `https://localhost:${own2}${new URL(target).pathname}`,
    close: () =>
      new Promise<void>((resolve) => {
        proxy.close(() => resolve());
        proxy.closeAllConnections();
      }),
  };
};
