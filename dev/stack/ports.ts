/** Chooses the ports of a stack: the ones of the compose file where they are free, others where they are not. */
import { createServer } from "node:net";
import { CliError } from "../../engine/app/cli.ts";
import { tryLock } from "./lock.ts";

/** A port that is needed, and the one it should be if that is free. */
export interface PortNeed {
  /** Such as `kafka-1 EXTERNAL`. */
  readonly key: string;
  readonly preferred?: number;
}

/**
 * Below the range from which Linux gives outgoing connections their ports (32768 on): a port chosen here can't be taken
 * by another process's connection while its service is down.
 */
export const freePorts = { from: 20_000, to: 32_000 } as const;

/**
 * One port for each need, all different. `isFree` is asked before a port is taken; `start` (0 to 1) says where in the
 * range the search begins, so that two stacks which start at the same moment seldom look at the same port.
 * @throws CliError when no port of the range is free.
 */
export async function choosePorts(
  needs: readonly PortNeed[],
  { isFree, start }: { readonly isFree: (port: number) => Promise<boolean>; readonly start: number },
): Promise<Readonly<Record<string, number>>> {
  const wanted = new Set(needs.map(({ preferred }) => preferred));
  const size = freePorts.to - freePorts.from;
  let next = Math.floor(start * size);
  let looked = 0;
  const searchFree = async (): Promise<number> => {
    for (; looked < size; looked += 1) {
      const port = freePorts.from + (next++ % size);
      if (!wanted.has(port) && (await isFree(port))) {
        looked += 1;
        return port;
      }
    }
    throw new CliError(`no port between ${freePorts.from} and ${freePorts.to} is free`, { code: "STACK_NO_PORT" });
  };
  const chosen: Record<string, number> = {};
  for (const { key, preferred } of needs) {
    chosen[key] = preferred !== undefined && (await isFree(preferred)) ? preferred : await searchFree();
  }
  return chosen;
}

/** A free port for a process of its own. @throws CliError when no port of the range is free. */
export async function freePort(): Promise<number> {
  const { isFree, release } = reservePorts(new Set());
  try {
    const { port = 0 } = await choosePorts([{ key: "port" }], { isFree, start: Math.random() });
    return port;
  } finally {
    release();
  }
}

/** Ports that nothing listens on, promised to us among all stacks of this machine until they are bound. */
export interface PortReservations {
  /** Whether the port is free; if so it is reserved. */
  readonly isFree: (port: number) => Promise<boolean>;
  /** To be called when the services have bound their ports, or never will. */
  readonly release: () => void;
}

/**
 * Reserves ports for the time between choosing one and binding it, which for a JVM is seconds. Without that, two stacks
 * that start together choose the same published ports, and the one whose broker is slower takes the other's for its own.
 * `spoken` are ports that count as taken whatever listens.
 */
export function reservePorts(spoken: ReadonlySet<number>): PortReservations {
  const releases: (() => void)[] = [];
  const isFree = async (port: number): Promise<boolean> => {
    const release = spoken.has(port) ? undefined : await tryLock(`port ${port}`);
    if (release === undefined) return false;
    if (await canListen(port)) {
      releases.push(release);
      return true;
    }
    release();
    return false;
  };
  return {
    isFree,
    release: () => {
      for (const release of releases) release();
    },
  };
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
