/** How problems reach the client: through fastify where there is a reply, and by hand where the request never became one. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiLog, ApiMetrics, TurnedAway } from "../parameters.ts";
import type { LineLimit } from "../../../engine/line-limit.ts";
import { traceFieldOf } from "../../../engine/tracing/trace-context.ts";
import { problemOf } from "./problem-of.ts";
import { Problem, type ProblemName, problemBody, problemMediaType } from "./problems.ts";

/** What replies need. */
export interface ProblemReplies {
  readonly log: ApiLog;
  readonly metrics: ApiMetrics;
  readonly retryAfterSeconds: number;
  readonly lineLimit: LineLimit;
}

/** An error handler for fastify: answers whatever was thrown, and logs what an operator should see. */
export const createProblemReplies =
  ({ log, metrics, retryAfterSeconds, lineLimit }: ProblemReplies) =>
  (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = problemOf(error, { retryAfterSeconds });
    const route = routeOf(request);
    const lines = isWorthALine(problem.code) ? lineLimit(`${problem.code} ${route}`) : undefined;
    const more = lines && { ...traceFieldOf(request.span?.spanContext()), ...lines };
    if (problem.code === "internal" && more !== undefined)
      log.error({ event: "request.failed", err: error, method: request.method, route, ...more }, "a request failed");
    const why = turnedAway[problem.code];
    if (why !== undefined) {
      metrics.turnedAway(why);
      if (more !== undefined)
        log.warn(
          { event: "request.turnedAway", reason: why, err: problem.cause, route, ...more },
          problem.details.detail,
        );
    }
    // A buffer: fastify would append a charset, which the media type does not have.
    void reply
      .code(problem.status)
      .headers({ ...problem.details.headers, "cache-control": "no-store" })
      .type(problemMediaType)
      .send(problemBody(problem, request.url));
  };

const isWorthALine = (code: ProblemName): boolean => code === "internal" || turnedAway[code] !== undefined;

const turnedAway: Readonly<Partial<Record<ProblemName, TurnedAway>>> = {
  "too-many-requests": "too-many-requests",
  overloaded: "overloaded",
  unavailable: "unavailable",
  "outcome-unknown": "outcome-unknown",
};

/** The route's template; `unmatched` where there is none: a path of a client's making is no label. */
export const routeOf = (request: FastifyRequest): string =>
  request.is404 ? "unmatched" : (request.routeOptions.url ?? "unmatched");

/** Answers what the parser refused, or waited for in vain: there is no request to answer, only a socket. */
export const answerClientError = (error: Error & { readonly code?: string }, socket: Socket): void => {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOfParser(error.code);
  const body = problemBody(problem, "");
  socket.end(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 ${problem.status} ${reasons[problem.status]}\r\n` +
          `content-type: ${problemMediaType}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`,
      ),
      body,
    ]),
    // A client that keeps sending would keep a half-closed socket open.
    () => socket.destroy(),
  );
};

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

const problemOfParser = (code: string | undefined): Problem => {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new Problem("request-timeout", { detail: "The request did not arrive in time." });
    case "HPE_HEADER_OVERFLOW":
      return new Problem("header-too-large", {
        detail: "The request line and the header fields are too large together.",
      });
    default:
      return new Problem("malformed-request", { detail: "This is not an HTTP/1.1 request." });
  }
};

/** Answers `Expect` fields other than `100-continue`, which node leaves to a listener of `checkExpectation`. */
export const answerExpectation = (request: IncomingMessage, response: ServerResponse): void => {
  const problem = new Problem("expectation-failed", {
    detail: "Only 100-continue can be expected.",
    errors: [{ field: "Expect", message: "must be 100-continue or absent" }],
  });
  const body = problemBody(problem, request.url ?? "");
  response.writeHead(problem.status, { "content-type": problemMediaType, "content-length": body.length }).end(body);
};
