/**
 * Posts spans to an OTLP receiver by HTTP. What a request may come to, and what is done about it: refused, cut before or after
 * it was taken, slower than `timeoutMs`, answered with anything but 2xx, a redirect among it: it rejects, and those spans
 * are lost, or there are twice where nobody sends them again: never. The body of an answer is not read: the status is what counts,
 * so what a receiver says of a part that it did not take (`partialSuccess`) is not known.
 */
import { Unavailable } from "../errors.ts";
import type { EndedSpan } from "./ended-span.ts";
import { otlpJson, type Resource } from "./otlp-json.ts";

/** Where spans go. */
export interface OtlpReceiver {
  /** The base, as OTEL_EXPORTER_OTLP_ENDPOINT has it: `/v1/traces` is put behind it. No user and no password. */
  readonly endpoint: string;
  /** Sent with each request: what the receiver knows its clients by. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long a request may take in all, ms. */
  readonly timeoutMs: number;
}

/** Who is away where spans are not taken. */
const who = "the receiver of traces";

/** Sends one batch. @throws Unavailable where the receiver did not answer that it took it */
export const otlpSender = ({ endpoint, headers, timeoutMs }: OtlpReceiver, resource: Resource) => {
  const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
  return async (spans: readonly EndedSpan[], signal: AbortSignal): Promise<void> => {
    // A timer of its own, as AbortSignal.timeout would keep one for as long after each answer.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: otlpJson(resource, spans),
        redirect: "manual",
        signal: AbortSignal.any([signal, late.signal]),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Unavailable(who, `it answered ${response.status}`);
    } catch (error) {
      throw error instanceof Unavailable ? error : new Unavailable(who, reasonOf(error), { cause: error });
    } finally {
      clearTimeout(timer);
    }
  };
};

/** `fetch` says only that it failed; why is its cause. */
const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
};
