/**
 * The spans of a round: one of itself, linked to the records whose traces are recorded, because a round has many causes and
 * so no parent; and one for each call. A call for one record belongs to that record's trace, and is linked to the round.
 */
import {
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { codeOf } from "../../errors.ts";
import type { Item } from "../../flow/processor.ts";
import { AllSucceeded, type Call, type Results, type StepEnvironment } from "../../interpreter/round.ts";
import type { TopicPartition } from "../../log/log.ts";
import { maxLinks } from "../../tracing/recording-span.ts";
import { contextOfRecord, formatTraceparent, isSampled, traceparentHeader } from "../../tracing/trace-context.ts";
import type { Round } from "../partition/in-flight.ts";

/** Whose rounds they are. */
export interface TracedBy {
  /** Undefined where traces are off. */
  readonly tracer: Tracer | undefined;
  readonly topology: string;
  readonly groupId: string;
  readonly from: TopicPartition;
}

/** A round that is recorded. */
export interface RoundTrace {
  /** The environment whose calls are recorded too. */
  readonly around: (environment: StepEnvironment) => StepEnvironment;
  /** Ends the round's span; `error`: what it failed with. */
  readonly end: (error?: unknown) => void;
}

/** Begins the spans of a round; undefined where traces are off, or no record of it belongs to a trace that is recorded. */
export const traceRound = (by: TracedBy, round: Round): RoundTrace | undefined => {
  const { tracer } = by;
  if (tracer === undefined) return undefined;
  const links = linksOf(round);
  if (links.length === 0) return undefined;
  const { topology, groupId, from } = by;
  const span = tracer.startSpan(`process ${from.topic}`, {
    kind: SpanKind.CONSUMER,
    links,
    // OpenTelemetry's conventions for messaging, which are in development still.
    attributes: {
      "messaging.system": "kafka",
      "messaging.operation.type": "process",
      "messaging.operation.name": "process",
      "messaging.destination.name": from.topic,
      "messaging.destination.partition.id": String(from.partition),
      "messaging.consumer.group.name": groupId,
      "messaging.batch.message_count": round.length,
      "sluice.topology": topology,
    },
  });
  return {
    around: (environment) => tracedCalls(environment, tracer, span.spanContext()),
    end: (error) => {
      if (error !== undefined) fail(span, error);
      span.end();
    },
  };
};

const linksOf = (round: Round): Link[] => {
  const links: Link[] = [];
  for (const { record } of round) {
    const context = contextOfRecord(record.headers);
    if (context === undefined || !isSampled(context)) continue;
    if (links.push({ context }) === maxLinks) break;
  }
  return links;
};

const tracedCalls = (environment: StepEnvironment, tracer: Tracer, round: SpanContext): StepEnvironment => ({
  ...environment,
  attempt: async (call) => {
    const [only, another] = call.items;
    if (only === undefined || another !== undefined) {
      const span = begin(tracer, call, { parent: round });
      return recorded(span, environment.attempt(call));
    }
    const own = contextOfRecord(only.context.headers);
    if (own === undefined || !isSampled(own)) return environment.attempt(call);
    const span = begin(tracer, call, { parent: own, links: [{ context: round }] });
    const carry = carrying(span.spanContext());
    return recorded(span, environment.attempt({ ...call, run: (items) => call.run(items.map(carry)) }));
  },
});

const begin = (
  tracer: Tracer,
  { name, items }: Pick<Call<unknown>, "name" | "items">,
  { parent, links = [] }: { readonly parent: SpanContext; readonly links?: Link[] },
): Span =>
  tracer.startSpan(
    name,
    { links, attributes: { "sluice.records": items.length } },
    trace.setSpanContext(ROOT_CONTEXT, parent),
  );

/** What a call sends out names its span, and not the one that wrote the record. What the record causes names the record's. */
const carrying = (context: SpanContext) => {
  const header = Buffer.from(formatTraceparent(context));
  return (item: Item<unknown>): Item<unknown> => ({
    value: item.value,
    context: { ...item.context, headers: { ...item.context.headers, [traceparentHeader]: header } },
  });
};

const recorded = async <R>(span: Span, attempting: Promise<Results<R>>): Promise<Results<R>> => {
  try {
    const results = await attempting;
    const failed = results instanceof AllSucceeded ? undefined : results.find((result) => !result.ok);
    if (failed?.ok === false) fail(span, failed.error);
    return results;
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    span.end();
  }
};

/** The code alone: a message may hold what a client sent. */
const fail = (span: Span, error: unknown): void => {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute("error.type", codeOf(error));
};
