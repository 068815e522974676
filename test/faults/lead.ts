/** Leads a process's connections elsewhere: a client that dials one port of loopback is given another, as by a proxy. */
import { Socket } from "node:net";

/** `from=to,from=to`: see {@link leadConnections}. */
export const leadText = (ports: ReadonlyMap<number, number>): string =>
  [...ports].map(([from, to]) => `${from}=${to}`).join(",");

/**
 * From now on, a connection of this process to a `from` port reaches the `to` port. Below every driver, so that
 * also what they learn later (a broker's advertised address) goes the same way.
 */
export const leadConnections = (text: string): void => {
  const ports = new Map(text.split(",").map((pair) => pair.split("=").map(Number) as [number, number]));
  const connect = Socket.prototype.connect;
  const leading = function (this: Socket, ...args: unknown[]): Socket {
    lead(args, ports);
    return Reflect.apply(connect, this, args);
  };
  Object.assign(Socket.prototype, { connect: leading });
};

/** Node hands itself [options, callback]; others call with options, or with a port. */
const lead = (args: unknown[], ports: ReadonlyMap<number, number>): void => {
  const [first] = args;
  const options: unknown = Array.isArray(first) ? first[0] : first;
  if (typeof options === "object" && options !== null && "port" in options) {
    const to = ports.get(Number(options.port));
    if (to !== undefined) Object.assign(options, { port: to });
  } else if (typeof first === "number" || typeof first === "string") {
    args[0] = ports.get(Number(first)) ?? first;
  }
};
