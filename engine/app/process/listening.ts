/** Says in a sentence why a process cannot listen where its settings say: the system's own word names neither setting nor remedy. */
import { CliError } from "../cli.ts";

/** Where a process listens, and by which settings. */
export interface ListensAt {
  readonly host: string;
  readonly port: number;
  /** Their names: `SLUICE_API_HOST`, `SLUICE_API_PORT`. */
  readonly settings: { readonly host: string; readonly port: string };
}

/** What each refusal of the system means, and what to do. */
const reasons: Readonly<Record<string, (at: ListensAt) => string>> = {
  EADDRINUSE: ({ host, port, settings }) =>
    `${settings.port}: port ${port} of ${host} is taken by another process; stop that one, or give this one another port (0 takes any free one)`,
  EACCES: ({ port, settings }) => `${settings.port}: port ${port} is kept for privileged users; give it one above 1023`,
  EADDRNOTAVAIL: ({ host, settings }) => `${settings.host}: ${host} is no address of this machine`,
  ENOTFOUND: ({ host, settings }) => `${settings.host}: ${host} is no name of a machine that is known here`,
};

/** Begins to listen. @throws CliError (CANNOT_LISTEN) where the system refuses it for a reason that a setting is guilty of. */
export const listening = async <T>(at: ListensAt, listen: () => Promise<T>): Promise<T> => {
  try {
    return await listen();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why = reasons[code];
    if (why === undefined) throw cause;
    throw new CliError(why(at), { code: "CANNOT_LISTEN", cause });
  }
};
