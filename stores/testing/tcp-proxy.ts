/** A wire that can be cut: a TCP proxy on loopback for tests of what a lost connection does. */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/**
 * What to do with bytes on their way: pass them, or lose them and cut, or lose them and all that would follow on that
 * connection while it stays open.
 */
export type Fate = "pass" | "cut" | "silence";

/** A proxy in front of one server. */
export interface TcpProxy {
  /** The given URL, with the proxy in the server's place. */
  readonly url: string;
  /** Asked about every chunk the client sends; reset by `heal`. */
  onRequest: (bytes: Buffer) => Fate;
  /** Asked about every chunk the server answers; reset by `heal`. */
  onReply: (bytes: Buffer) => Fate;
  readonly heal: () => void;
  readonly close: () => Promise<void>;
}

const pass = (): Fate => "pass";

/** Starts a proxy in front of the server that `url` names. */
export const tcpProxy = async (url: string): Promise<TcpProxy> => {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    let silent = false;
    const forward = (from: Socket, to: Socket, fateOf: (bytes: Buffer) => Fate) => {
      sockets.add(from);
      from.on("data", (bytes: Buffer) => {
        const fate = fateOf(bytes);
        silent ||= fate === "silence";
        if (fate === "pass" && !silent) to.write(bytes);
        if (fate === "cut") cut();
      });
      from.on("close", cut);
      from.on("error", cut);
    };
    forward(client, upstream, (bytes) => proxy.onRequest(bytes));
    forward(upstream, client, (bytes) => proxy.onReply(bytes));
  });
  const port = await listening(server);
  const through = new URL(url);
  through.host = `127.0.0.1:${port}`;
  const proxy: TcpProxy = {
    url: through.href,
    onRequest: pass,
    onReply: pass,
    heal: () => Object.assign(proxy, { onRequest: pass, onReply: pass }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
};

/** Binds a server to a free loopback port; answers the port. */
export const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  // A server that listens on TCP has an address of this kind.
  return (server.address() as AddressInfo).port;
};

/** A port of loopback that nothing listens on. */
export const closedPort = async (): Promise<number> => {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
};
