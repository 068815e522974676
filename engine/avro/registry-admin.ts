/** What is asked of a schema registry about a subject before anything is registered: read only, over its Confluent-compatible API. */
import { z } from "zod";
import type { AvroJson } from "./avro.ts";
import { defaultTimeoutMs, type RegistryOptions, RegistryUnavailable } from "./registry.ts";

/** A subject, seen with a schema that may be registered under it. */
export interface SubjectState {
  /** Its latest version; null where it has none. */
  readonly latest: number | null;
  /** The schema is one of its versions, text for text. */
  readonly registered: boolean;
  /** Whether the registry would take the schema; true where there is nothing to compare it with. */
  readonly compatible: boolean;
  /** The compatibility level that was set for it; null where none was. */
  readonly level: string | null;
}

/** Longest answer that is read, bytes: versions and verdicts are small, and a wrong address may answer anything. */
const answerMaxBytes = 1_048_576;

const versions = z.array(z.int());
const found = z.looseObject({ version: z.int() });
const verdict = z.looseObject({ is_compatible: z.boolean() });
const config = z.looseObject({ compatibilityLevel: z.string() });

/** Asks about a subject. Changes nothing. @throws RegistryUnavailable, also where what answers is no registry */
export const subjectState = async (
  options: RegistryOptions,
  subject: string,
  avro: AvroJson,
): Promise<SubjectState> => {
  const ask = asking(options, subject);
  const path = `subjects/${encodeURIComponent(subject)}`;
  const schema = { schema: JSON.stringify(avro) };
  const latest = (await ask(versions, `${path}/versions`))?.at(-1) ?? null;
  // Not a default of all subjects: only a level of its own is somebody's decision.
  const level = (await ask(config, `config/${encodeURIComponent(subject)}?defaultToGlobal=false`))?.compatibilityLevel;
  if (latest === null) return { latest, registered: false, compatible: true, level: level ?? null };
  const registered = (await ask(found, path, schema)) !== undefined;
  const answer = registered
    ? { is_compatible: true }
    : await ask(verdict, `compatibility/${path}/versions/latest`, schema);
  return { latest, registered, compatible: answer?.is_compatible ?? true, level: level?.toUpperCase() ?? null };
};

type Ask = <T>(shape: z.ZodType<T>, path: string, body?: object) => Promise<T | undefined>;

/** Undefined where the registry says that there is no such thing. */
const asking = ({ url, timeoutMs = defaultTimeoutMs }: RegistryOptions, subject: string): Ask => {
  const { base, headers } = withoutCredentials(url);
  return async (shape, path, body) => {
    try {
      const response = await fetch(`${base}/${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { ...headers, accept: contentType, ...(body === undefined ? {} : { "content-type": contentType }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const answer: unknown = JSON.parse(await textOf(response));
      // A wrong path has a 404 too, but not with a registry's own number of what is missing.
      if (response.status === 404 && hasErrorCode(answer)) return undefined;
      if (!response.ok) throw new TypeError(`it answered ${response.status}`);
      return shape.parse(answer);
    } catch (cause) {
      throw new RegistryUnavailable(`subject ${subject}`, { cause });
    }
  };
};

const contentType = "application/vnd.schemaregistry.v1+json";

const hasErrorCode = (answer: unknown): boolean =>
  typeof answer === "object" && answer !== null && "error_code" in answer && typeof answer.error_code === "number";

/** The text of an answer. @throws RangeError where it is longer than any that a registry gives. */
export const textOf = async (response: Response): Promise<string> => {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > answerMaxBytes) throw new RangeError(`it answered more than ${answerMaxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
};

/** fetch takes no credentials in a URL. */
export const withoutCredentials = (
  url: string,
): { readonly base: string; readonly headers: Record<string, string> } => {
  const parsed = new URL(url);
  const { username, password } = parsed;
  parsed.username = "";
  parsed.password = "";
  const base = parsed.href.replace(/\/+$/, "");
  if (username === "" && password === "") return { base, headers: {} };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { base, headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` } };
};
