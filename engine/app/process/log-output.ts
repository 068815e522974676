/**
 * Where the log lines of a process go: never in the way of its work, and never what keeps it from ending. What can go wrong:
 *
 * - the disk is full, the device fails, whoever read the pipe is gone: lines are lost until it takes some again, and then counted;
 * - nobody reads the pipe, or only slowly: lines wait, up to a bound of bytes, and further ones are lost;
 * - the process ends meanwhile: what waits has a second to go.
 */
import { write, writeSync } from "node:fs";
import pino from "pino";
import type { Logger } from "../../logger.ts";

/** Takes lines; a pino logger writes to it. */
export interface LogOutput {
  readonly write: (line: string) => void;
  /** Resolves when every line is written or lost, after `withinMs` at the latest. */
  readonly flush: (withinMs: number) => Promise<void>;
}

/** What lines are written to. */
export interface LogSink {
  /** As that of node:fs: may write a part, and says how much; `EAGAIN` where it takes nothing now. */
  readonly write: (bytes: Buffer, done: (error: NodeJS.ErrnoException | null, written: number) => void) => void;
  /** So many lines were lost; called when it takes lines again. */
  readonly lost: (lines: number) => void;
}

/** Bytes of lines that may wait: some ten thousand lines. */
export const maxWaitingBytes = 4 * 1_024 * 1_024;
/** How long the last lines of a process may take: it ends where nobody reads them, too. */
export const flushMs = 1_000;
/** Until a pipe that is full is tried again. */
const againMs = 50;

/** Lines for one sink. `unwritten` are those that have not been handed to it, for the last moment of a process. */
export const createLogOutput = (sink: LogSink): LogOutput & { readonly unwritten: () => string } => {
  let waiting: string[] = [];
  let waitingBytes = 0;
  let lost = 0;
  let inFlight: Buffer | undefined;
  let whenIdle: (() => void)[] = [];
  const next = (): void => {
    if (inFlight !== undefined) return;
    if (waiting.length === 0) {
      for (const idle of whenIdle) idle();
      whenIdle = [];
      return;
    }
    inFlight = Buffer.from(waiting.join(""));
    [waiting, waitingBytes] = [[], 0];
    send(inFlight);
  };
  const send = (bytes: Buffer): void => sink.write(bytes, (error, written) => settle(bytes, error, written));
  const settle = (bytes: Buffer, error: NodeJS.ErrnoException | null, written: number): void => {
    if (error?.code === "EAGAIN") {
      setTimeout(send, againMs, bytes);
      return;
    }
    if (error === null && written < bytes.length) {
      send(bytes.subarray(written));
      return;
    }
    inFlight = undefined;
    if (error !== null) lost += linesIn(bytes);
    // What waits goes first, and makes room for the line that says what was lost.
    next();
    if (error !== null || lost === 0) return;
    const lines = lost;
    lost = 0;
    sink.lost(lines);
  };
  return {
    write: (line) => {
      const bytes = Buffer.byteLength(line);
      if (waitingBytes + bytes > maxWaitingBytes) {
        lost += 1;
        return;
      }
      waiting.push(line);
      waitingBytes += bytes;
      next();
    },
    flush: (withinMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        whenIdle.push(() => {
          clearTimeout(timer);
          resolve();
        });
        next();
      }),
    unwritten: () => waiting.join(""),
  };
};

const newline = 0x0a;
const linesIn = (bytes: Buffer): number => bytes.reduce((lines, byte) => (byte === newline ? lines + 1 : lines), 0);

const standardError = 2;

/** The log of a process, on standard error. Flush it before the process ends, or its last lines may be missing. */
export const openLog = (options: {
  readonly name: string;
  readonly level: string;
}): { readonly logger: Logger; readonly flush: LogOutput["flush"] } => {
  // Node makes a pipe non-blocking when it is looked at: a write that blocks takes a thread, and no process ends with one blocked.
  void process.stderr.writable;
  const output = createLogOutput({
    write: (bytes, done) => write(standardError, bytes, done),
    lost: (lines) => logger.warn({ event: "log.lost", lines }, "lines of this log could not be written"),
  });
  process.once("exit", () => {
    try {
      writeSync(standardError, output.unwritten());
    } catch {
      // There is no more time, and nowhere to say so.
    }
  });
  const logger = pino(options, output);
  return { logger, flush: output.flush };
};
