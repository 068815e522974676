/**
 * Certificates by file. They are read again for each new connection, so one that is renewed counts from the next connection
 * on, without a restart; where a file cannot be read just then, as while it is replaced, what was read last goes on.
 */
import { readFileSync } from "node:fs";
import { Fatal } from "../errors.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  /** Authorities that the server's certificate is checked by. Default: those that Node brings. */
  readonly ca?: string | undefined;
  /** Our own certificate with its chain, where the server asks for one, and its key without a passphrase. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What Node's TLS takes. Certificates and host names are always checked. */
export interface TlsContext {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** The parameters of a URL that name these files. */
export const tlsParameters = ["ssl-ca", "ssl-cert", "ssl-key"] as const;

/** The files that a URL's parameters name. */
export const tlsFilesOf = (parameters: Readonly<Record<string, string>>): TlsFiles => ({
  ca: parameters["ssl-ca"],
  cert: parameters["ssl-cert"],
  key: parameters["ssl-key"],
});

/** What is wrong with the files as they are named, one sentence that begins with what is expected; undefined where nothing is. */
export const mistakeOfTls = (
  { ca, cert, key }: TlsFiles,
  [caName, certName, keyName]: readonly [string, string, string],
): string | undefined => {
  if ((cert === undefined) !== (key === undefined)) return `expected ${certName} and ${keyName} together`;
  const relative = [
    [caName, ca],
    [certName, cert],
    [keyName, key],
  ].find(([, path]) => path !== undefined && !path.startsWith("/"));
  // The path is not repeated: it may be the certificate's or the key's text in the place of a path.
  return relative === undefined ? undefined : `expected ${relative[0]} to be an absolute path`;
};

/** Those of the files that cannot be read, a sentence each. `readFile` throws where it can't. */
export const unreadableFiles = (files: TlsFiles, readFile: (path: string) => string): readonly string[] =>
  [files.ca, files.cert, files.key].flatMap((path) => {
    if (path === undefined) return [];
    try {
      readFile(path);
      return [];
    } catch (error) {
      return [`${path} cannot be read (${codeOf(error)})`];
    }
  });

/** Reads the files whenever it is called. @throws Fatal (TLS_FILE) where one could never be read. */
export const tlsReader = (files: TlsFiles): (() => TlsContext) => {
  let latest: TlsContext | undefined;
  return () => {
    try {
      latest = readAll(files);
    } catch (error) {
      if (latest === undefined) throw error;
    }
    return latest;
  };
};

const readAll = (files: TlsFiles): TlsContext =>
  Object.fromEntries(
    Object.entries(files).flatMap(([part, path]) => (path === undefined ? [] : [[part, readPem(path)]])),
  );

const readPem = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Fatal("TLS_FILE", `${path} cannot be read (${codeOf(cause)})`, { cause });
  }
};

/** Why a file cannot be read, without its path. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "for a reason that is not known";
