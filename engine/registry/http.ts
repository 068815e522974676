/**
 * Questions to a schema registry over its Confluent-compatible API. Everything but an answer of a registry is
 * {@link RegistryUnavailable}: refused, slow, cut off, too long, a proxy's page, no such path, credentials that it refuses.
 */
import { z } from "zod";
import { AnswerTooLong, registryDoor, sendRequest } from "./request.ts";

/** The registry did not answer, or not with an answer. Ask again later; nothing was learnt. */
export class RegistryUnavailable extends Error {
  readonly code: string = "REGISTRY_UNAVAILABLE";
  constructor(what: string, { cause }: ErrorOptions) {
    const why =
      cause instanceof NoAnswer || cause instanceof AnswerTooLong ? `: ${cause.message}` : tlsProblemOf(cause);
    super(`the schema registry did not answer (${what}${why}); is SLUICE_REGISTRY_URL right, is it up?`, { cause });
  }
}

/** The registry answered that it refuses our credentials. Handled as {@link RegistryUnavailable}, and named as what it is. */
export class RegistryRefused extends RegistryUnavailable {
  override readonly code = "REGISTRY_REFUSED";
  constructor(what: string, options: ErrorOptions) {
    super(what, options);
    const why = options.cause instanceof NoAnswer ? options.cause.message : deniedBy("401 or 403");
    this.message = `the schema registry refuses us (${what}): ${why} And may its user do this there?`;
  }
}

/** What is said of a registry of which nothing was learnt, without what was asked: its first words. */
export const registryTrouble = (error: RegistryUnavailable): string =>
  error instanceof RegistryRefused ? "the registry refuses us" : "the registry does not answer";

/** A certificate that does not fit is no outage, and is not found without its name. */
const tlsProblemOf = (cause: unknown): string => {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return /CERT|SSL|TLS/.test(code) ? `: ${code}, does its certificate fit ssl-ca and its host?` : "";
};

/** What came is no answer of a registry. Its message has nothing of what was sent or received. */
class NoAnswer extends TypeError {}

/** Its credentials were refused, by 401 or 403. */
class Denied extends NoAnswer {}

/** How to reach a registry. */
export interface RegistryOptions {
  /** The base of its Confluent-compatible API; its credentials are sent as a header, and never said again. See address.ts. */
  readonly url: string;
  /** Longest wait for one answer, its last byte included. Default 3,000. */
  readonly timeoutMs?: number;
}

/** A question. */
export interface Question {
  /** What is asked about, for messages: `schema 7`. */
  readonly about: string;
  /** Below the base, encoded. */
  readonly path: string;
  readonly method?: "GET" | "POST" | "PUT";
  readonly body?: object;
}

/** What a registry says: what was asked for, that there is none, or that it refuses. */
export type Answer<T> =
  | { readonly kind: "found"; readonly value: T }
  | { readonly kind: "none" }
  /** `code` is the registry's own number: 409 and 42201 are the best known. Its message may be anything. */
  | { readonly kind: "refused"; readonly status: number; readonly code: number; readonly message: string };

/** Asks; `shape` is what an answer looks like. @throws RegistryUnavailable */
export type AskRegistry = <T>(shape: z.ZodType<T>, question: Question) => Promise<Answer<T>>;

/** Longest wait for one answer unless another one is given. */
export const defaultTimeoutMs = 3_000;
/** Longest answer that is read, bytes: schemas are small, and a wrong address may answer anything. */
export const answerMaxBytes = 1_048_576;
const contentType = "application/vnd.schemaregistry.v1+json";

/** A way to ask a registry. Holds no connection by itself. @throws AddressMistake */
export const registryHttp = ({ url, timeoutMs = defaultTimeoutMs }: RegistryOptions): AskRegistry => {
  const door = registryDoor(url);
  return async (shape, { about, path, method = "GET", body }) => {
    try {
      const { status, text } = await sendRequest(door, {
        url: `${door.base}/${path}`,
        method,
        headers: {
          ...door.headers(),
          accept: contentType,
          ...(body === undefined ? {} : { "content-type": contentType }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
        maxBytes: answerMaxBytes,
      });
      return answerOf(shape, status, text);
    } catch (cause) {
      throw cause instanceof Denied ? new RegistryRefused(about, { cause }) : new RegistryUnavailable(about, { cause });
    }
  };
};

/** Whether a status is about who asks. */
const isDenial = (status: number): boolean => status === 401 || status === 403;
const deniedBy = (status: number | string): string =>
  `it answered ${status}, does SLUICE_REGISTRY_AUTH or SLUICE_REGISTRY_TOKEN_FILE fit?`;

/** What an error of another client of the registry is, which tells a status where there was one. */
export const unavailableBy = (about: string, cause: unknown): RegistryUnavailable => {
  const status = cause instanceof Error && "status" in cause ? Number(cause.status) : 0;
  return isDenial(status)
    ? new RegistryRefused(about, { cause: new Denied(deniedBy(status), { cause }) })
    : new RegistryUnavailable(about, { cause });
};

const errorBody = z.looseObject({ error_code: z.number(), message: z.string().default("") });

const answerOf = <T>(shape: z.ZodType<T>, status: number, text: string): Answer<T> => {
  if (isDenial(status)) throw new Denied(deniedBy(status));
  const body = jsonOf(text, status);
  if (status >= 200 && status < 300) {
    const parsed = shape.safeParse(body);
    if (!parsed.success) throw new NoAnswer("what answered is no schema registry");
    return { kind: "found", value: parsed.data };
  }
  // A wrong path has a 404 too, but not with a registry's own number of what is missing.
  const error = errorBody.safeParse(body);
  if (status >= 500 || status === 429 || !error.success) throw new NoAnswer(`it answered ${status}`);
  const { error_code: code, message } = error.data;
  return status === 404 ? { kind: "none" } : { kind: "refused", status, code, message };
};

const jsonOf = (text: string, status: number): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new NoAnswer(`it answered ${status} with what is no JSON`);
  }
};
