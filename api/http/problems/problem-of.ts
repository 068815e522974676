/** Which problem an error is: total, so that whatever is thrown becomes a document that says no more than it should. */
import { isHeld, Retriable, StoreUnfit } from "../../../engine/errors.ts";
import { DeadlinePassed } from "../deadline.ts";
import { type FieldError, overloaded, Problem, type ProblemName, retryAfter } from "./problems.ts";
import { escapePointer, validation as validationProblem } from "./validation.ts";
import { LookupTimeout, WatchFull } from "../../coupons/verdict-watch.ts";

/** What a problem needs from the settings. */
export interface ProblemContext {
  readonly retryAfterSeconds: number;
}

/** The problem that `error` is. Only `internal` is worth an operator's look: everything unforeseen ends there. */
export const problemOf = (error: unknown, context: ProblemContext): Problem => {
  if (error instanceof Problem) return error;
  if (error instanceof WatchFull) {
    return overloaded("Too many readers are waiting.", context, error);
  }
  if (
    isHeld(error) ||
    error instanceof Retriable ||
    error instanceof StoreUnfit ||
    error instanceof LookupTimeout ||
    error instanceof DeadlinePassed
  ) {
    return new Problem(
      "unavailable",
      { detail: "A store did not answer. Ask again later.", headers: retryAfter(context) },
      { cause: error },
    );
  }
  return problemOfFramework(error);
};

/** What fastify throws. Its codes are documented and stable; the shape of its errors is checked here, not believed. */
const problemOfFramework = (error: unknown): Problem => {
  const cause = { cause: error };
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  switch (code) {
    case "FST_ERR_VALIDATION":
      return problemOfValidation(error);
    case "FST_ERR_CTP_INVALID_JSON_BODY":
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
      return field("malformed-request", "body", "is not valid JSON, or names __proto__ or constructor");
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return field("malformed-request", "Content-Length", "does not match the body");
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return field("body-too-large", "body", "is longer than 4096 bytes");
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return field("unsupported-media-type", "Content-Type", "must be application/json");
    case "FST_ERR_BAD_URL":
      return new Problem("malformed-request", { detail: "The path is not valid percent-encoded UTF-8." }, cause);
    case "FST_ERR_MAX_PARAM_LENGTH":
      return new Problem("uri-too-long", { detail: "A path segment is too long." }, cause);
    default:
      return isClientsFault(error)
        ? new Problem("malformed-request", { detail: "The request cannot be read." }, cause)
        : new Problem("internal", { detail: "The request failed. It has been logged." }, cause);
  }
};

const field = (code: ProblemName, name: string, message: string): Problem =>
  new Problem(code, { detail: `The ${name} ${message}.`, errors: [{ field: name, message }] });

const isClientsFault = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  "statusCode" in error &&
  typeof error.statusCode === "number" &&
  error.statusCode >= 400 &&
  error.statusCode < 500;

const problemOfValidation = (error: unknown): Problem => {
  const { validation, validationContext } = error as {
    readonly validation?: unknown;
    readonly validationContext?: unknown;
  };
  const found: readonly unknown[] = Array.isArray(validation) ? validation : [];
  const inBody = validationContext === "body";
  return validationProblem(
    found.map((entry) => fieldErrorOf(entry, inBody)),
    { cause: error },
  );
};

/** One finding of the validator, as the field it is about. */
const fieldErrorOf = (entry: unknown, inBody: boolean): FieldError => {
  // An ajv ErrorObject: every member is read as unknown and checked.
  const { instancePath, keyword, message, params } = entry as { readonly [member: string]: unknown };
  const { missingProperty, additionalProperty } = (params ?? {}) as { readonly [member: string]: unknown };
  const at = (last: unknown): string => {
    const pointer = `${String(instancePath)}${typeof last === "string" ? `/${escapePointer(last)}` : ""}`;
    return inBody ? pointer || "body" : pointer.slice(1);
  };
  switch (keyword) {
    case "required":
      return { field: at(missingProperty), message: "is missing" };
    case "additionalProperties":
      return { field: at(additionalProperty), message: "is not known" };
    default:
      return { field: at(undefined), message: String(message) };
  }
};
