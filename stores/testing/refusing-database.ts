/**
 * A wire to a database that answers in its place, as a node of a cluster does that is not ready: whatever is asked, on a
 * connection that was open and on a new one, the answer is one error of the server.
 */
import { connect, createServer, type Socket } from "node:net";
import { listening } from "./tcp-proxy.ts";

/** What the server is made to answer. */
export interface Refusal {
  readonly number: number;
  /** Five characters. */
  readonly sqlState: string;
  readonly text: string;
}

/** A Galera node that is no member of its cluster. */
export const nodeNotReady: Refusal = {
  ...{ number: 1047, sqlState: "08S01" },
  text: "WSREP has not yet prepared node for application use",
};

/** The wire. */
export interface RefusingDatabase {
  readonly port: number;
  /** Answers this to every command from now on; undefined: passes all. */
  refuse: Refusal | undefined;
  /** Commands that were answered so. */
  readonly refused: () => number;
  readonly close: () => Promise<void>;
}

const headerBytes = 4;
/** Commands that have no answer: the end of a connection, and of a prepared statement. */
const unanswered: ReadonlySet<number> = new Set([0x01, 0x19]);

/** Lays it to a port of loopback. */
export const refusingDatabase = async (toPort: number): Promise<RefusingDatabase> => {
  const sockets = new Set<Socket>();
  let refused = 0;
  const server = createServer((client) => {
    const upstream = connect(toPort, "127.0.0.1");
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) sockets.add(socket.on("error", cut).on("close", cut));
    const take = packets((packet) => {
      // The first packet of a command has the number 0; those of a handshake have not.
      const isCommand = packet[3] === 0 && !unanswered.has(packet[headerBytes] ?? 0);
      if (wire.refuse === undefined || !isCommand) return void upstream.write(packet);
      refused += 1;
      client.write(errorPacket(wire.refuse));
    });
    client.on("data", take);
    upstream.on("data", (bytes: Buffer) => client.write(bytes));
  });
  const port = await listening(server);
  const wire: RefusingDatabase = {
    port,
    refuse: undefined,
    refused: () => refused,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return wire;
};

/** Cuts a stream into packets: three bytes of length, one of number, and what they say. */
const packets = (see: (packet: Buffer) => void): ((bytes: Buffer) => void) => {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= headerBytes && rest.length >= headerBytes + rest.readUIntLE(0, 3)) {
      const end = headerBytes + rest.readUIntLE(0, 3);
      see(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
};

const errorPacket = ({ number, sqlState, text }: Refusal): Buffer => {
  const body = Buffer.concat([Buffer.from([0xff, number & 0xff, number >> 8]), Buffer.from(`#${sqlState}${text}`)]);
  const header = Buffer.alloc(headerBytes);
  header.writeUIntLE(body.length, 0, 3);
  header[3] = 1;
  return Buffer.concat([header, body]);
};
