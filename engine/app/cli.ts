/** What every command shares: exit codes, errors that say what to do, and how text and JSON leave the process. */
import { styleText } from "node:util";
import Table from "cli-table3";
import { InvalidArgumentError } from "commander";
import { InstanceFenced, StartRefused } from "../errors.ts";

/** The exit codes of every command; a script may rely on them. */
export const exitCodes = {
  /** Done, or nothing to do. */
  done: 0,
  /** It failed: something is unreachable or broken. */
  failure: 1,
  /** The command line is wrong, or a question was to be asked without a terminal. */
  usage: 2,
  /** Changes or drift are pending. */
  pending: 3,
  /** Refused: unsafe or incompatible. Nothing was changed. */
  refused: 4,
  /** Another process is at work, or what was planned is out of date: plan again and retry. */
  conflict: 5,
  /** Some steps are done; the same command with the same id goes on. */
  partial: 6,
  /** A gate stopped it: a canary, a readiness check, a breaker. */
  gate: 7,
  /** Another process has taken this one's place under the same instance id: it is not to be started again. */
  replaced: 8,
  /** Interrupted, in a state the same command can go on from. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An error for the person at the terminal: what is wrong, what to do about it, and the exit code. */
export class CliError extends Error {
  /** For scripts and tests, such as `STACK_START_FAILED`; `message` is not parsed. */
  readonly code: string;
  readonly exitCode: ExitCode;
  /** What to do, as a sentence or a command; absent where the message says it. */
  readonly fix: string | undefined;

  constructor(
    message: string,
    about: { readonly code: string; readonly exitCode?: ExitCode; readonly fix?: string; readonly cause?: unknown },
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.name = "CliError";
    this.code = about.code;
    this.exitCode = about.exitCode ?? exitCodes.failure;
    this.fix = about.fix;
  }
}

/** Thrown by work that stopped because the user asked for it. */
export class InterruptedError extends CliError {
  constructor(what: string, options: { readonly cause?: unknown } = {}) {
    super(`interrupted by ${what}`, { code: "INTERRUPTED", exitCode: exitCodes.interrupted, ...options });
    this.name = "InterruptedError";
  }
}

/** What a command says with `--json`: one such document on stdout, whether it went well or not. */
export interface JsonDocument<Data = unknown> {
  readonly apiVersion: "sluice/v1";
  /** What `data` is, such as `stack.status`. */
  readonly kind: string;
  readonly status: "ok" | "failed";
  readonly data: Data;
  readonly warnings: readonly string[];
  readonly errors: readonly { readonly code: string; readonly message: string; readonly fix?: string }[];
  /** Commands that make sense next. */
  readonly next: readonly string[];
}

/** A document around `data`; the lists it leaves out are empty. */
export function jsonDocument<Data>(
  kind: string,
  data: Data,
  rest: Partial<Omit<JsonDocument, "apiVersion" | "kind" | "data">> = {},
): JsonDocument<Data> {
  return { apiVersion: "sluice/v1", kind, status: "ok", data, warnings: [], errors: [], next: [], ...rest };
}

/** The document of a failed command. */
export function errorDocument(error: unknown): JsonDocument<null> {
  const { code, message, fix } = describeError(error);
  return jsonDocument("error", null, {
    status: "failed",
    errors: [{ code, message, ...(fix === undefined ? {} : { fix }) }],
    next: fix === undefined ? [] : commandsOf(fix),
  });
}

/** The commands of a fix: of `Next: sluice doctor`, `sluice doctor`. A fix that is a sentence has none. */
export const commandsOf = (fix: string): readonly string[] =>
  fix.split("\n").flatMap((line) => (line.startsWith("Next: ") ? [line.slice("Next: ".length)] : []));

/** How npm was asked to run this, by the script or the command that it says: an application's `sluice` is in no path. */
const callers: Readonly<Record<string, string>> = { sluice: "npm run sluice --", npx: "npx sluice" };

/** Commands in a text for people, in the form in which this one was called. */
export const asCalled = (text: string, env = environment()): string => {
  const caller = callers[env["npm_lifecycle_event"] ?? ""];
  return caller === undefined ? text : text.replaceAll(/(?<![\w/-])sluice (?=[a-z])/g, `${caller} `);
};

/** The line for people of what makes sense next. */
export const nextText = (commands: readonly string[], between = ", "): string =>
  asCalled(`Next: ${commands.join(between)}`);

/** What is said about an error: its own words where it was thrown on purpose, one readable line where it was not. */
export function describeError(error: unknown): {
  readonly code: string;
  readonly message: string;
  readonly fix: string | undefined;
  readonly exitCode: ExitCode;
} {
  if (error instanceof CliError) {
    return { code: error.code, message: error.message, fix: error.fix, exitCode: error.exitCode };
  }
  const coded = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  const text = error instanceof Error && error.message !== "" ? error.message : String(error);
  return {
    code: coded ?? "UNEXPECTED",
    message: text.split("\n", 1)[0] ?? text,
    fix: undefined,
    exitCode: exitCodeOf(error),
  };
}

const exitCodeOf = (error: unknown): ExitCode => {
  if (error instanceof StartRefused) return exitCodes.refused;
  return error instanceof InstanceFenced ? exitCodes.replaced : exitCodes.failure;
};

/** Writes one line of data to stdout. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes one line for people to stderr, so that stdout stays data. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Writes the one JSON document of a command to stdout. */
export function printJson(document: JsonDocument): void {
  print(JSON.stringify(document, null, 2));
}

type Style = Parameters<typeof styleText>[0];

/** Colours text where `stream` is a terminal and neither NO_COLOR nor its like forbids it. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream, validateStream: true });
}

/** Lays rows out in columns without borders; numbers are right-aligned by naming their column in `right`. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { right = [] }: { readonly right?: readonly string[] } = {},
): string {
  const table = new Table({
    head: head.map((title) => paint("bold", title)),
    colAligns: head.map((title) => (right.includes(title) ? "right" : "left")),
    // Nothing but blanks between columns: lines are for reading, and for grep.
    chars: {
      top: "",
      "top-mid": "",
      "top-left": "",
      "top-right": "",
      bottom: "",
      "bottom-mid": "",
      "bottom-left": "",
      "bottom-right": "",
      left: "",
      "left-mid": "",
      mid: "",
      "mid-mid": "",
      right: "",
      "right-mid": "",
      middle: "  ",
    },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/**
 * Runs `work` with a signal that aborts on Ctrl-C or SIGTERM. A second Ctrl-C changes nothing: `work` is already
 * cleaning up, and leaving halfway is how orphans are made.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals) => controller.abort(new InterruptedError(signal));
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

/** Parses an option that is an integer from `min` to `max`; commander turns what it throws into exit code 2 with the usage. */
export function integerOption(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected ${min} to ${max}.`);
  };
}

/** Parses an option that names a topic, by Kafka's own rule: any other name is refused by brokers in their words. */
export function topicOption(text: string): string {
  if (/^[a-zA-Z0-9._-]{1,249}$/.test(text) && text !== "." && text !== "..") return text;
  throw new InvalidArgumentError("Expected a topic's name: 1 to 249 of A-Z a-z 0-9 . _ -, not . or ..");
}

/** The environment of this process. Commands pass on what they need; nothing below ops reads it by itself. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** A count for people: with a comma after each thousand. */
export const count = (n: number): string => n.toLocaleString("en-US");
