/**
 * Server-sent events: an answer that goes on. It is bounded by its reader: while that does not read, what would be sent is left
 * out, and the connection on which nothing moves is closed as any other.
 */
import { Readable } from "node:stream";
import type { ApiClock } from "./clock.ts";

/** Between two comments that keep a connection open: well below what proxies wait for, and below `idleTimeoutMs`. */
const beatEveryMs = 10_000;
/** Bytes that may wait for the reader. */
const maxWaitingBytes = 4_096;

/** An answer of events. Give `body` to the reply. */
export interface EventStream {
  readonly body: Readable;
  /** Sends an event; left out while the reader does not read. Nothing once it has ended. */
  readonly send: (event: string, data: unknown) => void;
  /** Sends a last event, if there is one, and ends. Idempotent. */
  readonly end: (event?: string, data?: unknown) => void;
}

/** Begins one; its client asks again `retryMs` after it has ended. */
export const createEventStream = (clock: ApiClock, retryMs: number): EventStream => {
  const body = new Readable({ read: () => {} });
  let cancelBeat = (): void => {};
  let ended = false;
  const write = (text: string): void => {
    if (!ended && body.readableLength <= maxWaitingBytes) body.push(text);
  };
  const beat = (): void => {
    cancelBeat = clock.after(beatEveryMs, () => {
      write(":\n\n");
      beat();
    });
  };
  const textOf = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  const stop = (): void => {
    ended = true;
    cancelBeat();
  };
  // Its reader went away.
  body.once("close", stop);
  write(`retry: ${retryMs}\n\n`);
  beat();
  return {
    body,
    send: (event, data) => write(textOf(event, data)),
    end: (event, data) => {
      if (ended) return;
      // However much waits: it is the one that matters.
      if (event !== undefined) body.push(textOf(event, data));
      stop();
      body.push(null);
    },
  };
};
