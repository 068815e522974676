/** A wire between a worker and one service that can be cut, delayed, half-closed or made to swallow, in each direction. */
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as timeout } from "node:timers/promises";
import { listening } from "../../stores/testing/tcp-proxy.ts";

/** `request`: towards the service. `reply`: back to the worker. */
export type Direction = "request" | "reply";

/**
 * What becomes of bytes on their way: they pass; or they and all that would follow are lost, while the connection stays;
 * or they are lost and the connection is cut, or cut once they have passed; or the wire ends behind them in their
 * direction only (FIN), while the other stays open.
 */
export type Fate = "pass" | "swallow" | "cut" | "passThenCut" | "halfClose";

/** One connection over a wire, for a decision by what was sent on it before. */
export interface Link {
  readonly id: number;
}

/** A wire. */
export interface Wire {
  /** Where the worker's end is, on loopback. */
  readonly port: number;
  /** Decides about every chunk; reset by `heal`. */
  fateOf: (direction: Direction, bytes: Buffer, link: Link) => Fate;
  /** How long every chunk takes; reset by `heal`. */
  delayMs: number;
  /** How often something other than passing at once happened. */
  readonly struck: () => number;
  readonly heal: () => void;
  readonly close: () => Promise<void>;
}

const sleep = (ms: number): Promise<void> => (ms === 0 ? Promise.resolve() : timeout(ms));

/** Lays a wire to a port of loopback. */
export const layWire = async (toPort: number): Promise<Wire> => {
  const sockets = new Set<Socket>();
  let links = 0;
  let struck = 0;
  const server = createServer((client) => {
    const upstream = connect(toPort, "127.0.0.1");
    const link = { id: ++links };
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", cut);
      socket.on("close", () => {
        sockets.delete(socket);
        cut();
      });
    }
    const forward = (direction: Direction, from: Socket, to: Socket): void => {
      let deaf = false;
      const arrive = (bytes: Buffer): void => {
        if (deaf || to.destroyed) return;
        const fate = wire.fateOf(direction, bytes, link);
        if (fate !== "pass") struck += 1;
        if (fate === "swallow") deaf = true;
        else if (fate === "cut") cut();
        // Cut once the kernel has it, so that the other side reads it: what it does then, stays unanswered.
        else if (fate === "passThenCut") to.write(bytes, () => setTimeout(cut, 20));
        else if (fate === "halfClose") {
          deaf = true;
          to.end();
        } else to.write(bytes);
      };
      // One after the other, whatever the delays: a wire never puts bytes in another order.
      let arriving = Promise.resolve();
      from.on("data", (bytes: Buffer) => {
        const { delayMs } = wire;
        if (delayMs > 0) struck += 1;
        const due = sleep(delayMs);
        arriving = arriving.then(() => due).then(() => arrive(bytes));
      });
    };
    forward("request", client, upstream);
    forward("reply", upstream, client);
  });
  const port = await listening(server);
  const wire: Wire = {
    port,
    fateOf: () => "pass",
    delayMs: 0,
    struck: () => struck,
    heal: () => Object.assign(wire, { fateOf: () => "pass", delayMs: 0 }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return wire;
};
