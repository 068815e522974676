/** The settings of how brokers are spoken to; Kafka's own words for them. */
import { z } from "zod";
import { mistakeOfTls, type TlsFiles, unreadableFiles } from "../../connect/tls.ts";
import type { Brokers, Sasl } from "../../log/kafka/brokers.ts";
import { hostPorts, path } from "./kinds.ts";

/** The variables. */
export const kafkaSettings = {
  /** The brokers that are asked for the others. */
  SLUICE_BROKERS: hostPorts(),
  /** Kafka's own `security.protocol`: docs/connections.md. */
  SLUICE_KAFKA_SECURITY_PROTOCOL: z.enum(["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]).default("PLAINTEXT"),
  /** Required by `SASL_*`, and by them alone. */
  SLUICE_KAFKA_SASL_MECHANISM: z.enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]).optional(),
  /** Of `PLAIN` and `SCRAM-*`. */
  SLUICE_KAFKA_USERNAME: z.string().optional(),
  /** Of `PLAIN` and `SCRAM-*`; read once, at the start. */
  SLUICE_KAFKA_PASSWORD: z.string().optional(),
  /** Of `OAUTHBEARER`: a file with a token, read again whenever a connection is opened or its session is renewed. */
  SLUICE_KAFKA_TOKEN_FILE: path().optional(),
  /** PEM of the authorities, read again for each connection; those that Node brings where not given. */
  SLUICE_KAFKA_SSL_CA: path().optional(),
  /** PEM of our own certificate with its chain, read again for each connection. */
  SLUICE_KAFKA_SSL_CERT: path().optional(),
  /** PEM of its key, without a passphrase. */
  SLUICE_KAFKA_SSL_KEY: path().optional(),
};

type KafkaValues = z.infer<z.ZodObject<typeof kafkaSettings>>;

/** Brokers and how they are spoken to. Call it only where {@link kafkaConflicts} finds nothing. */
export const brokersFrom = (s: KafkaValues): Brokers => {
  const protocol = s.SLUICE_KAFKA_SECURITY_PROTOCOL;
  if (protocol === "PLAINTEXT") return s.SLUICE_BROKERS;
  return {
    hosts: s.SLUICE_BROKERS,
    tls: protocol.endsWith("SSL") ? filesOf(s) : undefined,
    sasl: protocol.startsWith("SASL") ? saslOf(s) : undefined,
  };
};

const filesOf = (s: KafkaValues): TlsFiles => ({
  ca: s.SLUICE_KAFKA_SSL_CA,
  cert: s.SLUICE_KAFKA_SSL_CERT,
  key: s.SLUICE_KAFKA_SSL_KEY,
});

const saslOf = (s: KafkaValues): Sasl | undefined => {
  const mechanism = s.SLUICE_KAFKA_SASL_MECHANISM;
  if (mechanism === undefined) return undefined;
  if (mechanism === "OAUTHBEARER") return { mechanism, tokenFile: s.SLUICE_KAFKA_TOKEN_FILE ?? "" };
  const [username = "", password = ""] = [s.SLUICE_KAFKA_USERNAME, s.SLUICE_KAFKA_PASSWORD];
  return { mechanism, username, password: Buffer.from(password) };
};

/** What contradicts itself, one sentence each. `readFile` throws where a file can't be read. */
export const kafkaConflicts = (s: KafkaValues, readFile: (path: string) => string): readonly string[] => {
  const protocol = s.SLUICE_KAFKA_SECURITY_PROTOCOL;
  const needless = Object.keys(kafkaSettings).filter(
    (name): name is keyof KafkaValues => !expectedOf(s).has(name) && s[name as keyof KafkaValues] !== undefined,
  );
  const missing = [...neededOf(s)].filter((name) => s[name] === undefined);
  const pair = mistakeOfTls(filesOf(s), ["", "SLUICE_KAFKA_SSL_CERT", "SLUICE_KAFKA_SSL_KEY"]);
  const what = [protocol, s.SLUICE_KAFKA_SASL_MECHANISM].filter((one) => one !== undefined).join(" with ");
  const token = { ca: needless.includes("SLUICE_KAFKA_TOKEN_FILE") ? undefined : s.SLUICE_KAFKA_TOKEN_FILE };
  return [
    ...needless.map((name) => `${name}: is not used by SLUICE_KAFKA_SECURITY_PROTOCOL ${what}`),
    ...missing.map((name) => `${name}: is required by SLUICE_KAFKA_SECURITY_PROTOCOL ${what}`),
    ...(pair === undefined ? [] : [`SLUICE_KAFKA_SSL_CERT: ${pair}`]),
    ...unreadableFiles(filesOf(s), readFile).map((problem) => `SLUICE_KAFKA_SSL_*: ${problem}`),
    ...unreadableFiles(token, readFile).map((problem) => `SLUICE_KAFKA_TOKEN_FILE: ${problem}`),
  ];
};

/** What must be given. */
const neededOf = (s: KafkaValues): ReadonlySet<keyof KafkaValues> => {
  if (!s.SLUICE_KAFKA_SECURITY_PROTOCOL.startsWith("SASL")) return new Set();
  if (s.SLUICE_KAFKA_SASL_MECHANISM === undefined) return new Set(["SLUICE_KAFKA_SASL_MECHANISM"]);
  return s.SLUICE_KAFKA_SASL_MECHANISM === "OAUTHBEARER"
    ? new Set(["SLUICE_KAFKA_TOKEN_FILE"])
    : new Set(["SLUICE_KAFKA_USERNAME", "SLUICE_KAFKA_PASSWORD"]);
};

/** What may be given. */
const expectedOf = (s: KafkaValues): ReadonlySet<string> => {
  const always = ["SLUICE_BROKERS", "SLUICE_KAFKA_SECURITY_PROTOCOL"];
  const protocol = s.SLUICE_KAFKA_SECURITY_PROTOCOL;
  const sasl = protocol.startsWith("SASL") ? ["SLUICE_KAFKA_SASL_MECHANISM", ...neededOf(s)] : [];
  const ssl = protocol.endsWith("SSL") ? ["SLUICE_KAFKA_SSL_CA", "SLUICE_KAFKA_SSL_CERT", "SLUICE_KAFKA_SSL_KEY"] : [];
  return new Set([...always, ...sasl, ...ssl]);
};
