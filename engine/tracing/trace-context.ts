/** W3C Trace Context as text: `traceparent` read by its grammar, and written. Whoever sends it is not believed to be well-formed. */
import type { SpanContext } from "@opentelemetry/api";

/** `TraceFlags.SAMPLED`: of the library only types are used here, because topologies are loaded for every command's help. */
const sampled = 1;

/** The header, of a request and of a record. */
export const traceparentHeader = "traceparent";

/** Of version 00, which has nothing after its flags. */
const sizeBytes = 55;
/** A later version may have more behind a hyphen; what is longer than this is no context. */
const maxBytes = 256;
const grammar = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-[\x21-\x7e]*)?$/;

/** The context that a text says; undefined where it says none, or an invalid one. Of its flags only `sampled` is kept. */
export const parseTraceparent = (text: unknown): SpanContext | undefined => {
  if (typeof text !== "string" || text.length < sizeBytes || text.length > maxBytes) return undefined;
  const [, version, traceId = "", spanId = "", flags = ""] = grammar.exec(text) ?? [];
  if (version === undefined || (version === "00" && text.length !== sizeBytes)) return undefined;
  const traceFlags = Number.parseInt(flags, 16) & sampled;
  // Ids of zeros alone are invalid.
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags, isRemote: true };
};

/** The text of a context, as version 00. */
export const formatTraceparent = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-0${traceFlags & sampled}`;

/** The headers of a record that is written in this trace. */
export const headersOfTrace = (traceparent: string): Readonly<Record<string, Buffer>> => ({
  [traceparentHeader]: Buffer.from(traceparent),
});

/** Whether a context belongs to a trace that is recorded. */
export const isSampled = ({ traceFlags }: SpanContext): boolean => (traceFlags & sampled) !== 0;

/** The field of a log line that is about one request or record: none where it is in no trace. */
export const traceFieldOf = (context: Pick<SpanContext, "traceId"> | undefined): { readonly traceId?: string } =>
  context === undefined ? {} : { traceId: context.traceId };

type HeaderBytes = Buffer | null;

/**
 * The context that a record's headers say, whoever wrote them; undefined where they say none, an invalid one, or more than one.
 * An object's prototype has none.
 */
export const contextOfRecord = (
  headers: Readonly<Record<string, HeaderBytes | readonly HeaderBytes[]>>,
): SpanContext | undefined => {
  if (!Object.hasOwn(headers, traceparentHeader)) return undefined;
  const bytes = [headers[traceparentHeader]].flat();
  const [only] = bytes;
  if (bytes.length !== 1 || !only || only.length > maxBytes) return undefined;
  return parseTraceparent(only.toString("latin1"));
};
