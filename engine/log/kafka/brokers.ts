/** Where the brokers are, and how they are spoken to: by TLS, and as whom (SASL). */
import { readFile } from "node:fs/promises";
import type { KafkaConfig, SASLOptions } from "kafkajs";
import type { TlsFiles } from "../../connect/tls.ts";

/** `host:port` of some of the cluster's brokers, spoken to in plain text and without a name, or secured. */
export type Brokers = readonly string[] | SecuredBrokers;

/** Brokers that want TLS, a name, or both. */
export interface SecuredBrokers {
  /** `host:port` of some of the cluster's brokers. */
  readonly hosts: readonly string[];
  /** Undefined where the connection is plain text. The certificate and the host's name are always checked. */
  readonly tls: TlsFiles | undefined;
  readonly sasl: Sasl | undefined;
}

/** Who we are. */
export type Sasl =
  | {
      readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
      readonly username: string;
      /** A Buffer, so that no log line shows it. */
      readonly password: Buffer;
    }
  /** The token is read from its file whenever a connection is opened or its session is renewed. */
  | { readonly mechanism: "OAUTHBEARER"; readonly tokenFile: string };

/** In one shape, whichever way they are given. */
export const securedBrokers = (brokers: Brokers): SecuredBrokers =>
  "hosts" in brokers ? brokers : { hosts: brokers, tls: undefined, sasl: undefined };

/** What kafkajs takes. A new object each time: kafkajs keeps what it makes of it inside. */
export const kafkajsSasl = (sasl: Sasl): NonNullable<KafkaConfig["sasl"]> =>
  sasl.mechanism === "OAUTHBEARER"
    ? { mechanism: "oauthbearer", oauthBearerProvider: async () => ({ value: await tokenIn(sasl.tokenFile) }) }
    : passwordOf(sasl);

const passwordOf = ({ mechanism, username, password }: Exclude<Sasl, { readonly tokenFile: string }>): SASLOptions => {
  const who = { username, password: password.toString() };
  switch (mechanism) {
    case "PLAIN":
      return { mechanism: "plain", ...who };
    case "SCRAM-SHA-256":
      return { mechanism: "scram-sha-256", ...who };
    case "SCRAM-SHA-512":
      return { mechanism: "scram-sha-512", ...who };
  }
};

/** The message has nothing of what the file holds. A file that is missing for a moment is an outage, not a wrong name. */
const tokenIn = async (path: string): Promise<string> => {
  const token = (await readFile(path, "utf8")).trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error(`${path} holds no token`);
  return token;
};
