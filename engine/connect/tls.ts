/**
 * Certificates by file. They are read again for each new connection, so one that is renewed counts from the next connection
 * on, without a restart; where the files cannot be used just then, as while they are replaced one after the other, what was read last
 * goes on. Looked at here, because not every client says why it cannot connect by them.
 */
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
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

/** Reads the files whenever it is called. @throws Fatal (TLS_FILE) where they could never be read and used. */
export const tlsReader = (files: TlsFiles): (() => TlsContext) => {
  let latest: TlsContext | undefined;
  return () => {
    try {
      latest = usable(readAll(files), { files, latest });
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

/** What was read, where a connection can be made by it; nothing is looked at twice. @throws Fatal (TLS_FILE) */
const usable = (
  read: TlsContext,
  { files, latest }: { readonly files: TlsFiles; readonly latest: TlsContext | undefined },
): TlsContext => {
  const isAsBefore = (part: keyof TlsContext): boolean => read[part]?.equals(latest?.[part] ?? Buffer.of()) ?? true;
  if (latest !== undefined && isAsBefore("ca") && isAsBefore("cert") && isAsBefore("key")) return latest;
  // Node takes any bytes for a list of authorities, the shortest of which trusts nobody.
  if (read.ca !== undefined && !isWholePem(read.ca.toString("latin1")))
    throw new Fatal("TLS_FILE", `${files.ca} holds no certificate in PEM, or not the whole of one`);
  const { cert, key } = read;
  if (cert === undefined || key === undefined) return read;
  try {
    createSecureContext({ cert, key });
    return read;
  } catch (cause) {
    const why = `${files.cert} and ${files.key} are no certificate and its key in PEM without a passphrase`;
    throw new Fatal("TLS_FILE", `${why} (${codeOf(cause)})`, { cause });
  }
};

const isWholePem = (text: string): boolean => {
  const begun = text.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/g) ?? [];
  const ended = text.match(/-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g) ?? [];
  return begun.length > 0 && begun.length === ended.length;
};

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
