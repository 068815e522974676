/** A tracer that keeps what ended, for tests. */
import { randomBytes } from "node:crypto";
import type { EndedSpan } from "../ended-span.ts";
import { createTracer } from "../tracer.ts";

/** A tracer that records everything that begins here, and the spans of it that have ended. */
export const keptSpans = (ratio = 1) => {
  const ended: EndedSpan[] = [];
  return { tracer: createTracer({ ratio, randomBytes, ended: (span) => void ended.push(span) }), ended };
};
