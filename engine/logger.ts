/** Where log lines go; pino fits it. Fields are ids, counts and codes, never payloads or secrets. */
import { codeOf } from "./errors.ts";

/** The fields of a line. `event` names what happened, for alerts and searches: it stays when the text is reworded. */
export interface LogFields {
  /** `<subject>.<what happened>`; all of them are in docs/reference/log-events.md. */
  readonly event: string;
  readonly [field: string]: unknown;
}

/** One line: its fields, then its text. */
export type LogLine = (fields: LogFields, text: string) => void;

/** A logger by level. */
export interface Logger {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

/** Says nothing. */
export const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** An error as a log line has it: its code and its message, never its stack or what it carried. */
export const errorFields = (error: unknown): { readonly code: string; readonly error: string } => ({
  code: codeOf(error),
  error: error instanceof Error ? error.message : String(error),
});
