/** The OpenAPI document: what is the same for every route, and the parts that routes are described with. */
import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import { type ProblemName, problemMediaType, problemTypes } from "./problems/problems.ts";

/** The part of a document that {@link complete} touches. */
type Document = Parameters<NonNullable<FastifyDynamicSwaggerOptions["transformObject"]>>[0];

/** How a route says that it wants a token. */
export const bearerSecurity = [{ bearer: [] }] as const;

const anywhere: readonly ProblemName[] = [
  "malformed-request",
  "not-found",
  "method-not-allowed",
  "request-timeout",
  "uri-too-long",
  "expectation-failed",
  "too-many-requests",
  "header-too-large",
  "internal",
];

/** The responses of a route that may end in these problems, besides those that any route may end in. */
export const problemResponses = (names: readonly ProblemName[]): Readonly<Record<string, unknown>> => {
  const byStatus = new Map<number, ProblemName[]>();
  for (const name of [...names, ...anywhere]) {
    const { status } = problemTypes[name];
    byStatus.set(status, [...(byStatus.get(status) ?? []), name]);
  }
  return Object.fromEntries(Array.from(byStatus, ([status, all]) => [status, problemResponse(status, all)]));
};

const problemResponse = (status: number, names: readonly ProblemName[]): Readonly<Record<string, unknown>> => ({
  description: names.map((name) => `\`${name}\`: ${problemTypes[name].title}.`).join(" "),
  ...(status === 401 ? { headers: { "WWW-Authenticate": header("The challenge (RFC 6750).") } } : {}),
  ...(status === 405 ? { headers: { Allow: header("The methods there are.") } } : {}),
  ...(status === 503 || status === 429
    ? { headers: { "Retry-After": header("Seconds to wait before asking again.") } }
    : {}),
  content: { [problemMediaType]: { schema: { $ref: "Problem#" } } },
});

/** A response header in a route's description. */
export const header = (description: string): Readonly<Record<string, unknown>> => ({ type: "string", description });

/** Options of @fastify/swagger. */
export const swaggerOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: "3.1.0",
    info: {
      title: "sluice API",
      version: "1.0.0",
      description:
        "First-come-first-served coupons: request a coupon, then read the verdict. Orders are paid exactly once.",
    },
    components: { securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } } },
    tags: [
      { name: "reservations", description: "For users." },
      { name: "payments", description: "For users." },
      { name: "coupons", description: "For the role admin." },
      { name: "probes", description: "For operators." },
    ],
  },
  convertConstToEnum: false,
  refResolver: {
    buildLocalReference: (json, _baseUri, _fragment, position) =>
      typeof json["$id"] === "string" ? json["$id"] : `def-${position}`,
  },
  transformObject: (document) => complete(document),
};

/** The generator takes every body for required; a reservation may do without. */
const complete = (
  document: Document,
): Exclude<ReturnType<NonNullable<FastifyDynamicSwaggerOptions["transformObject"]>>, never> => {
  if (!("openapiObject" in document)) return document.swaggerObject;
  const { openapiObject } = document;
  for (const path of Object.values(openapiObject.paths ?? {})) {
    const body = path?.post?.requestBody;
    if (path?.post?.operationId === "reserve" && body !== undefined && "required" in body) body.required = false;
  }
  return openapiObject;
};
