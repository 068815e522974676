/** The tracer: it begins spans, and decides by the parent, the links or a ratio which are recorded. Behind OpenTelemetry's interfaces. */
import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  trace,
  TraceFlags,
  type Tracer,
} from "@opentelemetry/api";
import { pooledBytes, type RandomBytes } from "../random-pool.ts";
import type { EndedSpan } from "./ended-span.ts";
import { RecordingSpan } from "./recording-span.ts";
import { isSampled } from "./trace-context.ts";

/** What a tracer is made from. */
export interface TracerParameters {
  /** The share of traces that begin here which are recorded; 0 to 1. A parent's decision is kept, whatever it was. */
  readonly ratio: number;
  readonly randomBytes: RandomBytes;
  /** Called when a recorded span has ended. Must not throw. */
  readonly ended: (span: EndedSpan) => void;
}

/** A tracer. Nothing is kept of what it does not record. There is no active span: a parent is given. */
export const createTracer = ({ ratio, randomBytes, ended }: TracerParameters): Tracer => {
  const draw = pooledBytes(randomBytes);
  const newId = (sizeBytes: number): string => draw(sizeBytes).toString("hex");
  const startSpan = (name: string, options: SpanOptions = {}, context: Context = ROOT_CONTEXT): Span => {
    const parent = options.root === true ? undefined : validParent(context);
    const links = options.links ?? [];
    const traceId = parent?.traceId ?? newId(16);
    const sampled = isRecorded({ parent, links, traceId, ratio });
    const spanContext: SpanContext = {
      traceId,
      spanId: newId(8),
      traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    };
    if (!sampled) return trace.wrapSpanContext(spanContext);
    const { kind = SpanKind.INTERNAL, startTime, attributes } = options;
    return new RecordingSpan(
      { name, kind, context: spanContext, parentSpanId: parent?.spanId, startTime, attributes, links },
      ended,
    );
  };
  // The interface has three forms of it, told apart by their number of parameters; the last is the function.
  const startActiveSpan = (name: string, ...rest: readonly unknown[]): unknown => {
    const run = rest.at(-1) as (span: Span) => unknown;
    const [options, context] = rest.slice(0, -1) as [SpanOptions?, Context?];
    return run(startSpan(name, options, context));
  };
  return { startSpan, startActiveSpan: startActiveSpan as Tracer["startActiveSpan"] };
};

const validParent = (context: Context): SpanContext | undefined => {
  const parent = trace.getSpanContext(context);
  return parent !== undefined && trace.isSpanContextValid(parent) ? parent : undefined;
};

interface Deciding {
  readonly parent: SpanContext | undefined;
  readonly links: readonly Link[];
  readonly traceId: string;
  readonly ratio: number;
}

/** A round has no parent: it is recorded where one of the records that it is linked to is. */
const isRecorded = ({ parent, links, traceId, ratio }: Deciding): boolean => {
  if (parent !== undefined) return isSampled(parent);
  if (links.length > 0) return links.some((link) => isSampled(link.context));
  // The last 52 bits of the id: the same answer in every process that is asked about it.
  return Number.parseInt(traceId.slice(-13), 16) < ratio * 2 ** 52;
};
