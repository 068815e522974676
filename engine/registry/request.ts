/** One request to a registry, with its credentials, over TLS by the files of its address; the whole answer within a limit. */
import { readFileSync } from "node:fs";
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { connect } from "node:tls";
import { type TlsContext, tlsReader } from "../connect/tls.ts";
import { readRegistryAddress } from "./address.ts";

/** How a registry is reached. */
export interface RegistryDoor {
  /** The base of the API, without credentials. */
  readonly base: string;
  /** Credentials as a header, as they are now. @throws Error where the token's file cannot be read. */
  readonly headers: () => Readonly<Record<string, string>>;
  /** Undefined where the connection is plain text. */
  readonly agent: HttpsAgent | undefined;
}

/** The door that an address leads to. Opens nothing. @throws AddressMistake */
export const registryDoor = (url: string): RegistryDoor => {
  const { base, tls, credentials } = readRegistryAddress(url);
  return {
    base,
    headers: () => (credentials === undefined ? {} : { authorization: authorizationOf(credentials) }),
    agent: tls && renewingAgent(tlsReader(tls)),
  };
};

const authorizationOf = (
  credentials: { readonly username: string; readonly password: string } | { readonly tokenFile: string },
): string => {
  if ("tokenFile" in credentials) return `Bearer ${tokenIn(credentials.tokenFile)}`;
  const pair = `${credentials.username}:${credentials.password}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
};

/** The token in a file, without blanks around it. @throws Error where there is none; its message has nothing of the content. */
const tokenIn = (path: string): string => {
  const token = readFileSync(path, "utf8").trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error(`${path} holds no token`);
  return token;
};

/** Each request has a connection of its own, for they are few; so a renewed certificate counts at once. */
const renewingAgent = (read: () => TlsContext): HttpsAgent => {
  const agent = new HttpsAgent({ keepAlive: false });
  return Object.assign(agent, {
    createConnection: (options: object) => connect({ ...options, ...read() }),
  });
};

const plainAgent = new HttpAgent({ keepAlive: false });

/** What is asked. */
export interface RegistryRequest {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
  /** Longest answer, bytes. */
  readonly maxBytes: number;
}

/** An answer is longer than any that a registry gives. */
export class AnswerTooLong extends Error {}

/**
 * Sends a request and gives its whole answer; follows no redirection, which would carry credentials elsewhere.
 * @throws AnswerTooLong @throws Error where it is refused, cut off, or not there when `signal` is aborted.
 */
export const sendRequest = (
  { agent }: Pick<RegistryDoor, "agent">,
  { url, method, headers, body, signal, maxBytes }: RegistryRequest,
): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const request = agent === undefined ? requestHttp : requestHttps;
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const options = { method, headers: { ...headers, ...length }, agent: agent ?? plainAgent, signal };
    const sent = request(url, options, (answer) => {
      textOf(answer, maxBytes).then((text) => resolve({ status: answer.statusCode ?? 0, text }), reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });

const textOf = async (answer: IncomingMessage, maxBytes: number): Promise<string> => {
  const parts: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop destroys the answer and its connection.
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    if (bytes > maxBytes) throw new AnswerTooLong(`it answered more than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
};
