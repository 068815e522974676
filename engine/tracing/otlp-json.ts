/** Spans as OTLP/HTTP JSON (opentelemetry-proto 1.x, `ExportTraceServiceRequest`): ids in hexadecimal, 64-bit numbers as text. Pure. */
import type { SpanAttributeValue, SpanContext } from "@opentelemetry/api";
import type { EndedSpan } from "./ended-span.ts";

/** Who the spans are of. */
export interface Resource {
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** Tells the processes of one service apart. */
  readonly instanceId: string;
}

/** The document that is posted. */
export const otlpJson = (resource: Resource, spans: readonly EndedSpan[]): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: {
          attributes: [
            attribute("service.name", resource.serviceName),
            attribute("service.version", resource.serviceVersion),
            attribute("service.instance.id", resource.instanceId),
          ],
        },
        scopeSpans: [{ scope: { name: "sluice", version: resource.serviceVersion }, spans: spans.map(spanOf) }],
      },
    ],
  });

const spanOf = (span: EndedSpan) => ({
  ...linkOf(span.context),
  ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
  name: span.name,
  // The interfaces count kinds from INTERNAL, the protocol from UNSPECIFIED.
  kind: span.kind + 1,
  startTimeUnixNano: nanoseconds(span.startedAtMs),
  endTimeUnixNano: nanoseconds(span.endedAtMs),
  attributes: Array.from(span.attributes, ([name, value]) => attribute(name, value)),
  ...(span.links.length === 0 ? {} : { links: span.links.map(linkOf) }),
  status: { code: span.status, ...(span.statusMessage === undefined ? {} : { message: span.statusMessage }) },
});

const linkOf = ({ traceId, spanId, traceFlags }: SpanContext) => ({ traceId, spanId, flags: traceFlags });

/** A double has not all digits of nanoseconds since 1970: whole ms first, then the rest. */
const nanoseconds = (ms: number): string => {
  const whole = Math.floor(ms);
  return `${whole}${String(Math.floor((ms - whole) * 1_000_000)).padStart(6, "0")}`;
};

const attribute = (key: string, value: SpanAttributeValue) => ({ key, value: anyValue(value) });

const anyValue = (value: SpanAttributeValue): Readonly<Record<string, unknown>> => {
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number")
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { stringValue: String(value) };
};
