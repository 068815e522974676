/** Server-sent events: a bounded number of browsers that are told what is new, and dropped where they do not read. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { ConsoleFailure } from "./failure.ts";
import { headers } from "./headers.ts";

/** Streams that are open. */
export interface Streams {
  /**
   * Sends every document that `watch` sees, as JSON, until the browser goes. @throws ConsoleFailure (503) where there are too many
   */
  readonly open: <T>(request: FastifyRequest, reply: FastifyReply, what: Streamed<T>) => FastifyReply;
  /** Ends all of them. */
  readonly close: () => void;
}

/** What is sent to a browser. */
export interface Streamed<T> {
  readonly watch: Watch<T>;
  /** Whose it is: one session has a few of all streams. */
  readonly session: string;
  /** Asked before each document: a stream does not outlive its session. */
  readonly mayGoOn: () => boolean;
}

/** Calls `see` until the answered function is called. */
export type Watch<T> = (see: (document: T) => void) => () => void;

/** Browsers at once: each is sent some 20 KB a second. */
const mostStreams = 64;
/** Of one session: a tab that is seen has one, so that nobody takes those of everybody. */
const mostOfSession = 8;
/** What may wait for a browser that does not read, bytes; it asks anew, and has missed what is old by then. */
const mostWaiting = 1_024 * 1_024;

/** None is open yet. */
export const createStreams = (): Streams => {
  const open = new Map<FastifyReply, string>();
  const refuseTooMany = (session: string): void => {
    const own = [...open.values()].filter((one) => one === session).length;
    if (open.size < mostStreams && own < mostOfSession) return;
    const who = own < mostOfSession ? `${mostStreams} browsers watch` : `${mostOfSession} tabs of this session watch`;
    throw new ConsoleFailure(503, "TOO_MANY_WATCH", `${who} already`, "Close some of them.");
  };
  return {
    open: (request, reply, { watch, session, mayGoOn }) => {
      refuseTooMany(session);
      open.set(reply, session);
      const { raw } = reply;
      reply.hijack();
      // A reply that is hijacked passes no hook, so nobody else says them.
      raw.writeHead(200, {
        ...headers,
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      });
      raw.write("retry: 2000\n\n");
      const stop = watch((document) => {
        if (!mayGoOn()) return void raw.end();
        if (raw.writableLength > mostWaiting) return void raw.destroy();
        raw.write(`data: ${JSON.stringify(document)}\n\n`);
      });
      request.raw.once("close", () => {
        stop();
        open.delete(reply);
      });
      return reply;
    },
    close: () => {
      for (const { raw } of open.keys()) raw.end();
    },
  };
};
