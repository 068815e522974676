/**
 * The database's address: `mysql://user:password@host:3306/schema`, and whether and how it is spoken to by TLS. The parameters
 * are those of MySQL's own clients; every other one is refused by name. Pure.
 */
import { AddressMistake, type Address, readAddress } from "../../engine/connect/address.ts";
import { mistakeOfTls, type TlsFiles, tlsFilesOf, tlsParameters } from "../../engine/connect/tls.ts";
import { isIP } from "node:net";

/** `REQUIRED` encrypts and checks nothing; `VERIFY_CA` checks who signed; `VERIFY_IDENTITY` also that it is this host. */
type EncryptedMode = "REQUIRED" | "VERIFY_CA" | "VERIFY_IDENTITY";

/** An address, understood. */
export interface DatabaseAddress extends Pick<Address, "host" | "user" | "password"> {
  readonly port: number;
  readonly schema: string;
  /** Undefined where the connection is plain text. */
  readonly tls: { readonly mode: EncryptedMode; readonly files: TlsFiles } | undefined;
}

/** Reads an address. @throws AddressMistake */
export const readDatabaseAddress = (text: string): DatabaseAddress => {
  const rule = { protocols: ["mysql:", "mariadb:"], parameters: ["ssl-mode", ...tlsParameters] };
  const { host, port, user, password, path, parameters } = readAddress(text, rule);
  if (path === "" || path.includes("/"))
    throw new AddressMistake("expected a schema after the host: mysql://host:3306/schema");
  return { host, port: port ?? 3306, user, password, schema: path, tls: tlsOf(parameters, host) };
};

const tlsOf = (parameters: Readonly<Record<string, string>>, host: string): DatabaseAddress["tls"] => {
  const files = tlsFilesOf(parameters);
  const given = Object.values(files).some((path) => path !== undefined);
  const mode = parameters["ssl-mode"] ?? (given ? "VERIFY_IDENTITY" : "DISABLED");
  const mistake = mistakeOfTls(files, tlsParameters);
  if (mistake !== undefined) throw new AddressMistake(mistake);
  switch (mode) {
    case "DISABLED":
      if (given)
        throw new AddressMistake("expected another ssl-mode than DISABLED beside ssl-ca, ssl-cert and ssl-key");
      return undefined;
    case "REQUIRED":
    case "VERIFY_CA":
      return { mode, files };
    case "VERIFY_IDENTITY":
      // mysql2 3.24.6 compares the name `localhost` where the host is an address.
      if (isIP(host) !== 0)
        throw new AddressMistake("expected a host's name with ssl-mode=VERIFY_IDENTITY, not an address");
      return { mode, files };
    default:
      // PREFERRED among them: whoever sits on the wire would decide that it is not encrypted.
      throw new AddressMistake("expected ssl-mode to be DISABLED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY");
  }
};
