/** The sockets of one kafkajs instance, so that closing it ends them: kafkajs leaves some open, and opens others later. */
import { connect, isIP, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ISocketFactory } from "kafkajs";
import { type TlsFiles, tlsReader } from "../../connect/tls.ts";

/** kafkajs's own interval of TCP keep-alive. */
const keepAliveMs = 60_000;

/** A factory that remembers what it made. */
export interface TrackedSockets {
  readonly factory: ISocketFactory;
  /** Ends every open socket with an error, so that requests waiting on it fail; no more will be made. Idempotent. */
  readonly destroyAll: () => void;
  /**
   * Ends every open socket; kafkajs makes new ones. For when a request was not answered in time: kafkajs would send
   * its retries over the same connection, which a network that drops packets may keep half open for a quarter of an hour.
   */
  readonly reset: () => void;
}

/** A TCP socket to a broker. */
export const tcpSocket: ISocketFactory = ({ host, port, onConnect }) => settled(connect({ host, port }, onConnect));

/**
 * Sockets to brokers by TLS, with the certificates as they are when each is opened.
 * @throws Fatal (TLS_FILE) where a file cannot be read.
 */
export const tlsSocket = (files: TlsFiles): ISocketFactory => {
  const read = tlsReader(files);
  // A file that is not there is said at the start, not by every connection.
  read();
  return ({ host, port, onConnect }) =>
    settled(connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...read() }, onConnect));
};

const settled = (socket: Socket): Socket => {
  socket.setKeepAlive(true, keepAliveMs);
  // A batch's request is one write; waiting to fill a segment would only delay it.
  socket.setNoDelay(true);
  // kafkajs's every disconnect of a dead socket adds a listener to it; they go with the socket.
  socket.setMaxListeners(0);
  return socket;
};

/** A factory for one kafkajs instance. */
export const trackSockets = (make: ISocketFactory): TrackedSockets => {
  const open = new Set<Socket>();
  let closed = false;
  const end = (error: Error): void => {
    for (const socket of open) socket.destroy(error);
  };
  return {
    factory: (to) => {
      if (closed) return refused();
      const socket = make(to);
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      return socket;
    },
    destroyAll: () => {
      closed = true;
      end(closedError());
    },
    reset: () => end(new Error("a request was not answered in time")),
  };
};

const closedError = (): Error => new Error("this kafkajs instance was closed");

/** A socket that fails once its maker listens: kafkajs reconnects whenever it has something to send, even when it is too late. */
const refused = (): Socket => {
  const socket = new Socket();
  process.nextTick(() => socket.destroy(closedError()));
  return socket;
};
