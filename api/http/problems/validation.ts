/** The problem of wrong fields, whichever validator found them. */
import { type FieldError, Problem } from "./problems.ts";

/** Wrong fields a problem names at most; a body of 4 KB can hold hundreds. */
const maxFieldErrors = 16;
/** Characters of a field's name that are repeated to the client who sent it. */
const maxFieldLength = 80;

/**
 * A `validation` problem: one message for each field, the first that was found, because it is the plainest: a value's type
 * comes before its range.
 */
export const validation = (found: Iterable<FieldError>, options?: ErrorOptions): Problem => {
  const messages = new Map<string, string>();
  for (const { field, message } of found) {
    const name = field.slice(0, maxFieldLength);
    if (!messages.has(name) && messages.size < maxFieldErrors) messages.set(name, message);
  }
  const errors = Array.from(messages, ([field, message]) => ({ field, message }));
  const detail = errors.map(({ field, message }) => `${field} ${message}`).join("; ");
  return new Problem("validation", { detail: detail || "The request is wrong.", errors }, options);
};

/** A name as a part of a JSON pointer (RFC 6901). */
export const escapePointer = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
