/** Makes the record that a value becomes on a topic: its key, its bytes, and the trace it belongs to. */
import type { AnyTopic } from "../flow/parts.ts";
import type { RecordContext, RecordHeaders } from "../flow/processor.ts";
import type { Emission, StepEnvironment } from "./round.ts";

/**
 * W3C Trace Context and Baggage: the headers that a record hands on to all that is written because of it, with the most bytes
 * that each may have. A longer one is not handed on: a record of a megabyte of them would become a thousand such records.
 */
const traceHeaders = { traceparent: 55, tracestate: 512, baggage: 8_192 } as const;

/** The record of a topic that a value becomes. @throws Error where the value has no key or does not fit the schema. */
export const emissionOf = (
  { encode }: StepEnvironment,
  sink: AnyTopic,
  { value, context }: { readonly value: unknown; readonly context: RecordContext },
): Emission => ({
  sink,
  key: sink.key(value),
  bytes: encode(sink, value),
  headers: traceOf(context.headers),
});

/** Without a parent the other two mean nothing. By own name: an object's prototype has no trace. */
const traceOf = (headers: RecordHeaders): RecordHeaders | undefined => {
  if (!Object.hasOwn(headers, "traceparent")) return undefined;
  const handedOn = Object.entries(traceHeaders).flatMap(([name, maxBytes]) => {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    return value !== undefined && bytesOf(value) <= maxBytes ? [[name, value] as const] : [];
  });
  return handedOn[0]?.[0] === "traceparent" ? Object.fromEntries(handedOn) : undefined;
};

const bytesOf = (value: RecordHeaders[string]): number =>
  [value].flat().reduce((sum, one) => sum + (one?.length ?? 0), 0);
