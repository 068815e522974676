/** Every error the API answers with: one table of problem types (RFC 9457), and the document a client gets. */
import type { ShortOption, UnusableCoupon } from "../../../processors/payments/payment-ports.ts";

/**
 * The problem types there are. A type's URI, `/problems/<name>`, never changes its meaning; clients
 * distinguish problems by it, and by nothing else. It is a path, so the same text wherever an API is reached, and leads to what
 * it means (problem-pages.ts).
 */
export const problemTypes = {
  validation: { status: 400, title: "A field of the request is wrong" },
  "malformed-request": { status: 400, title: "The request cannot be read" },
  "token-missing": { status: 401, title: "A bearer token is required" },
  "token-invalid": { status: 401, title: "The bearer token is not valid" },
  "token-expired": { status: 401, title: "The bearer token has expired" },
  forbidden: { status: 403, title: "The caller may not do this" },
  "not-found": { status: 404, title: "Not found" },
  "coupon-not-found": { status: 404, title: "There is no such coupon" },
  "order-not-found": { status: 404, title: "The caller has no such order" },
  "method-not-allowed": { status: 405, title: "The method is not allowed here" },
  "reservation-forgotten": { status: 410, title: "The reservation was not issued, and is no longer kept" },
  "request-timeout": { status: 408, title: "The request did not arrive in time" },
  "coupon-differs": { status: 409, title: "The coupon exists with other terms" },
  "order-not-payable": { status: 409, title: "The order cannot be paid" },
  "option-out-of-stock": { status: 409, title: "There is too little of what was ordered" },
  "coupon-not-usable": { status: 409, title: "A coupon of the order cannot be used" },
  "balance-too-low": { status: 409, title: "The balance is too low" },
  "body-too-large": { status: 413, title: "The body is too large" },
  "uri-too-long": { status: 414, title: "The URI is too long" },
  "unsupported-media-type": { status: 415, title: "The body's media type is not supported" },
  "expectation-failed": { status: 417, title: "The expectation cannot be met" },
  "idempotency-key-reused": { status: 422, title: "The idempotency key was used for another request" },
  "too-many-requests": { status: 429, title: "The caller asks too often" },
  "header-too-large": { status: 431, title: "The header fields are too large" },
  internal: { status: 500, title: "The server made a mistake" },
  overloaded: { status: 503, title: "Too many requests are waiting" },
  unavailable: { status: 503, title: "Something the request needs is away" },
  "outcome-unknown": { status: 503, title: "It is not known whether the request took effect" },
  "not-ready": { status: 503, title: "This process is not ready" },
} as const;

/** The name of one of {@link problemTypes}. */
export type ProblemName = keyof typeof problemTypes;

/** One wrong field: a JSON pointer into the body, such as `/policy/name`, or the name of a header field or parameter. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** What is known about one occurrence. */
export interface ProblemDetails {
  /** For a person: what, expected and got, what to do. Never a stack, never SQL. */
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** The reservation whose outcome is unknown, to ask for. */
  readonly reservationId?: string;
  /** With `option-out-of-stock`: every option that is short. */
  readonly options?: readonly ShortOption[];
  /** With `coupon-not-usable`: every coupon that is in the way. */
  readonly coupons?: readonly UnusableCoupon[];
  /** With `balance-too-low`: what it costs, and what there is, in won. */
  readonly amount?: number;
  readonly balance?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown where a request ends; the error handler answers with it. */
export class Problem extends Error {
  readonly code: ProblemName;
  readonly status: number;
  readonly details: ProblemDetails;
  constructor(code: ProblemName, details: ProblemDetails, options?: ErrorOptions) {
    super(details.detail, options);
    this.code = code;
    this.status = problemTypes[code].status;
    this.details = details;
  }
}

/** A problem about one field. */
export const wrongField = (code: ProblemName, field: string, message: string): Problem =>
  new Problem(code, { detail: `${field} ${message}`, errors: [{ field, message }] });

/** Too much is waiting already; `detail` says what, and that nothing was done. */
export const overloaded = (detail: string, settings: { readonly retryAfterSeconds: number }, cause?: Error): Problem =>
  new Problem("overloaded", { detail: `${detail} Ask again later.`, headers: retryAfter(settings) }, { cause });

/** The type's URI. */
export const problemType = (name: ProblemName): string => `/problems/${name}`;

/** The media type of problems; without a charset, of which RFC 9457 knows none. */
export const problemMediaType = "application/problem+json";

/** As much of a path as a problem repeats. */
const maxInstanceLength = 256;

/** The document's bytes. `url` is the request's target; its query stays out of the document. */
export const problemBody = ({ code, status, details }: Problem, url: string): Buffer => {
  const { headers: _sent, detail, ...members } = details;
  const instance = (url.split("?", 1)[0] ?? "").slice(0, maxInstanceLength);
  const { title } = problemTypes[code];
  return Buffer.from(JSON.stringify({ type: problemType(code), title, status, detail, instance, ...members }));
};

/** The JSON Schema of the document, for the OpenAPI description. */
export const problemSchema = {
  $id: "Problem",
  type: "object",
  description: "A problem (RFC 9457). Clients distinguish problems by `type`, which leads to what it means.",
  required: ["type", "title", "status", "detail", "instance"],
  properties: {
    type: { type: "string", enum: Object.keys(problemTypes).map((name) => `/problems/${name}`) },
    title: { type: "string" },
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: { type: "string" },
    instance: { type: "string", description: "The path that was asked for." },
    errors: {
      type: "array",
      description: "Every wrong field.",
      items: {
        type: "object",
        required: ["field", "message"],
        properties: {
          field: { type: "string", description: "A JSON pointer into the body, or a header field or parameter." },
          message: { type: "string" },
        },
      },
    },
    reservationId: { type: "string", description: "With `outcome-unknown`: the reservation to ask for." },
    options: {
      type: "array",
      description: "With `option-out-of-stock`: every option that is short.",
      items: {
        type: "object",
        required: ["optionId", "wanted", "left"],
        properties: { optionId: { type: "string" }, wanted: { type: "integer" }, left: { type: "integer" } },
      },
    },
    coupons: {
      type: "array",
      description: "With `coupon-not-usable`: every coupon that is in the way.",
      items: {
        type: "object",
        required: ["reservationId", "why"],
        properties: {
          reservationId: { type: "string" },
          why: { type: "string", enum: ["unknown", "used", "expired", "belowMinimum"] },
        },
      },
    },
    amount: { type: "integer", description: "With `balance-too-low`: what it costs, in won." },
    balance: { type: "integer", description: "With `balance-too-low`: what there is, in won." },
  },
} as const;

/** The header that says when a client may retry, in whole seconds. */
export const retryAfter = ({
  retryAfterSeconds,
}: {
  readonly retryAfterSeconds: number;
}): { readonly "retry-after": string } => ({ "retry-after": String(retryAfterSeconds) });
