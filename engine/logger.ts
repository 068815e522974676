/** Where log lines go; pino fits it. Fields are ids, counts and codes, never payloads or secrets. */
import { codeOf } from "./errors.ts";

/** One line: its fields, then its text. */
export type LogLine = (fields: Readonly<Record<string, unknown>>, text: string) => void;

/** A logger by level. */
export interface Logger {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

/** Says nothing. */
export const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** How an error stands in a log line: its code and its message, never its stack or what it carried. */
export const errorFields = (error: unknown): { readonly code: string; readonly error: string } => ({
  code: codeOf(error),
  error: error instanceof Error ? error.message : String(error),
});
