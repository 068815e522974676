/**
 * How much one client may have in flight: requests of a connection, which pipelining makes many, and questions of a user,
 * over any number of connections. What is above is refused at once. Its answers then pile up behind the first that waits,
 * and node stops reading the connection, because what is not sent yet is bytes; requests that only wait are none.
 */
import type { Socket } from "node:net";
import type { FastifyRequest } from "fastify";
import { Problem, retryAfter } from "../problems/problems.ts";

/** Bounds of {@link limitPipelining}. */
export interface PipeliningLimit {
  /** Requests of one connection without an answer; 1 at least. */
  readonly maxPipelined: number;
  readonly retryAfterSeconds: number;
}

declare module "fastify" {
  interface FastifyRequest {
    /** The count that it is in, from when it has entered until its answer has been written. */
    connection: ConnectionCount | null;
  }
}

interface ConnectionCount {
  requests: number;
}

/** Counts the requests of each connection that have no answer yet. */
export interface Connections {
  /**
   * In front of everything. Throws `too-many-requests`, and has the connection closed behind the answers that it still gets:
   * a client that sends so much ahead does not wait for answers.
   */
  readonly enter: (request: FastifyRequest) => void;
  /** When its answer has been written, of each that entered, refused or not. Idempotent; of one whose connection is gone it is not needed. */
  readonly left: (request: FastifyRequest) => void;
}

/** No connection yet. */
export const limitPipelining = ({ maxPipelined, retryAfterSeconds }: PipeliningLimit): Connections => {
  const counts = new WeakMap<Socket, ConnectionCount>();
  return {
    enter: (request) => {
      const { socket } = request.raw;
      let connection = counts.get(socket);
      if (connection === undefined) {
        connection = { requests: 0 };
        counts.set(socket, connection);
      }
      connection.requests += 1;
      request.connection = connection;
      if (connection.requests <= maxPipelined) return;
      throw new Problem("too-many-requests", {
        detail: `Nothing was done: ${maxPipelined} requests of this connection wait for their answers already.`,
        headers: { ...retryAfter({ retryAfterSeconds }), connection: "close" },
      });
    },
    left: (request) => {
      if (request.connection !== null) request.connection.requests -= 1;
      request.connection = null;
    },
  };
};

/** Slots of users: how many questions each has open. */
export interface Slots {
  /** Takes a slot of a user; call what it answers once, to give it back. Undefined where none is left. */
  readonly take: (user: string) => (() => void) | undefined;
}

/** So many slots for each user; remembers only users who have taken one. */
export const createSlots = (perUser: number): Slots => {
  const taken = new Map<string, number>();
  return {
    take: (user) => {
      const before = taken.get(user) ?? 0;
      if (before >= perUser) return undefined;
      taken.set(user, before + 1);
      return () => {
        const left = (taken.get(user) ?? 1) - 1;
        if (left > 0) taken.set(user, left);
        else taken.delete(user);
      };
    },
  };
};
