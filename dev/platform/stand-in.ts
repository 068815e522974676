/** A stand-in for the external data platform, for the demo and for tests: keeps the contract, unless faults are set. */
import type { FastifyInstance } from "fastify";
import { controlServer, contractServer, paymentsPath } from "./servers.ts";
import { Effects, type PlatformReport } from "./effects.ts";
import { type Faults, noFaults, readFaults } from "./faults.ts";

/** How it is started. Loopback only: it replaces a system of another team on this machine. */
export interface PlatformOptions {
  /** Where payments are posted to; 0, the default, takes any free port. */
  readonly port?: number;
  /** Where faults are set; 0, the default, takes any free port. */
  readonly controlPort?: number;
  /** Payments it remembers, some 250 bytes each; default 200,000. Above them it answers 507. */
  readonly maxPayments?: number;
  /** Decides which requests meet a fault; [0, 1). */
  readonly random?: () => number;
  /** AttemptReply of each payment when it takes effect. */
  readonly onEffect?: (document: unknown) => void;
}

/** A stand-in at work. */
export interface Platform {
  /** For SLUICE_PLATFORM_URL. */
  readonly url: string;
  readonly controlUrl: string;
  /** Sets what is wrong with it; what is not named is in order. Resolves when it is so. */
  readonly set: (faults: Partial<Faults>) => Promise<void>;
  readonly report: () => PlatformReport;
  /** How many effects each payment had. */
  readonly effects: () => ReadonlyMap<string, number>;
  readonly close: () => Promise<void>;
}

const host = "127.0.0.1";

/** Starts it. @throws where a port is taken. */
export const startPlatform = async (options: PlatformOptions = {}): Promise<Platform> => {
  const effects = new Effects(options.maxPayments ?? 200_000);
  let faults = noFaults;
  let port = options.port ?? 0;
  let open: FastifyInstance | undefined;
  const openFront = async (): Promise<void> => {
    const { random = Math.random, onEffect = () => {} } = options;
    open = contractServer({ effects, faults: () => faults, random, onEffect });
    // The port it had before: it is the address that the others know.
    port = Number(new URL(await open.listen({ host, port })).port);
  };
  const apply = async (next: Faults): Promise<void> => {
    faults = next;
    if (next.down === "refuse") {
      const closing = open;
      open = undefined;
      await closing?.close();
    } else if (open === undefined) await openFront();
  };
  // One change after the other: a server that is being closed cannot listen.
  let changing: Promise<void> = openFront();
  const setFaults = (next: Faults): Promise<void> => {
    const change = changing.then(() => apply(next));
    changing = change.catch(() => undefined);
    return change;
  };
  await changing;
  const control = controlServer({ effects, faults: () => faults, setFaults });
  const controlUrl = await control.listen({ host, port: options.controlPort ?? 0 }).catch(async (error: unknown) => {
    await open?.close();
    throw error;
  });
  return {
    url: `http://${host}:${port}${paymentsPath}`,
    controlUrl,
    set: (wanted) => setFaults(readFaults(wanted)),
    report: () => effects.report(),
    effects: () => effects.payments,
    close: async () => {
      await changing;
      await Promise.all([open?.close(), control.close()]);
    },
  };
};
