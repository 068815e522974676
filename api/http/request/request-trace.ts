/** A span for each request of the API's own routes, in the trace that its `traceparent` names, or in one that begins here. */
import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { formatTraceparent, isSampled, parseTraceparent } from "../../../engine/tracing/trace-context.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The request's span; null where traces are off, and on routes that are asked by machines. */
    span: Span | null;
  }
}

/** Routes that have spans: probes are asked every few seconds, and nobody looks for one of them. */
const traced = "/v1/";

/**
 * Adds the spans. A `traceparent` that is malformed is as if it were not there. What a client decides of recording is
 * kept: it costs at most a place in a queue that drops. `tracestate` and `baggage` are not taken: they may hold anything.
 */
export const traceRequests = (app: FastifyInstance, tracer: Tracer | undefined): void => {
  app.decorateRequest("span", null);
  if (tracer === undefined) return;
  app.addHook("onRequest", (request, _reply, done) => {
    const route = request.is404 ? undefined : request.routeOptions.url;
    if (route?.startsWith(traced)) request.span = begin(tracer, request, route);
    done();
  });
  // Also where the client has gone before its answer.
  app.addHook("onResponse", (request, reply, done) => {
    if (request.span !== null) end(request.span, reply);
    done();
  });
};

const begin = (tracer: Tracer, { method, headers }: FastifyRequest, route: string): Span => {
  // A header field that is sent twice is joined by a comma, which no context has.
  const parent = parseTraceparent(headers["traceparent"]);
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  const attributes = { "http.request.method": method, "http.route": route };
  return tracer.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }, context);
};

const end = (span: Span, { statusCode }: FastifyReply): void => {
  if (span.isRecording()) {
    span.setAttribute("http.response.status_code", statusCode);
    // As the conventions have it: what a client did wrong is no error of the server.
    if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
};

/**
 * What is written because of a request carries this; undefined where nobody records its trace. Then it carries nothing:
 * 66 bytes for each of 20,000 records a second would be for nobody.
 */
export const traceparentOf = ({ span }: FastifyRequest): string | undefined => {
  const context = span?.spanContext();
  return context !== undefined && isSampled(context) ? formatTraceparent(context) : undefined;
};
