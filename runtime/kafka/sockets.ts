/** The sockets of one kafkajs instance, so that closing it ends them: kafkajs leaves some open, and waits for others. */
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ISocketFactory } from "kafkajs";

/** kafkajs's own interval of TCP keep-alive. */
const keepAliveMs = 60_000;

/** A factory that remembers what it made. */
export interface TrackedSockets {
  readonly factory: ISocketFactory;
  /** Ends every open socket with an error, so that requests waiting on it fail instead of waiting. */
  readonly destroyAll: () => void;
}

/** A socket to a broker: TCP, or TLS where `ssl` is given. */
export const tcpSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
    : connect({ host, port }, onConnect);
  socket.setKeepAlive(true, keepAliveMs);
  // A batch's request is one write; waiting to fill a segment would only delay it.
  socket.setNoDelay(true);
  return socket;
};

/** A factory for one kafkajs instance. */
export const trackSockets = (make: ISocketFactory): TrackedSockets => {
  const open = new Set<Socket>();
  return {
    factory: (to) => {
      const socket = make(to);
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      return socket;
    },
    destroyAll: () => {
      for (const socket of open) socket.destroy(new Error("this kafkajs instance was closed"));
    },
  };
};
