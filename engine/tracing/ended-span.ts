/** A span that has ended: what is exported of it. */
import type { SpanAttributeValue, SpanContext, SpanKind, SpanStatusCode } from "@opentelemetry/api";

/** Names to values, in the order in which they were set. */
type EndedAttributes = ReadonlyMap<string, SpanAttributeValue>;

/** A span that has ended. */
export interface EndedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  /** 16 hexadecimal digits; undefined of a root. */
  readonly parentSpanId: string | undefined;
  /** Epoch ms, with fractions. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly attributes: EndedAttributes;
  readonly links: readonly SpanContext[];
  readonly status: SpanStatusCode;
  /** Of an error; undefined where it says nothing. */
  readonly statusMessage: string | undefined;
}
