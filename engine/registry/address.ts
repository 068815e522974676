/**
 * The registry's address: `https://user:password@host/path`, the base of a Confluent-compatible API; how it is spoken to by TLS
 * and by which credentials. Pure.
 */
import { AddressMistake, readAddress } from "../connect/address.ts";
import { mistakeOfTls, type TlsFiles, tlsFilesOf, tlsParameters } from "../connect/tls.ts";

/** The parameter that names a file with a bearer token. */
export const tokenFileParameter = "token-file";

/** An address, understood. */
export interface RegistryAddress {
  /** Without credentials and parameters, and without a slash at its end. */
  readonly base: string;
  /** Undefined where the connection is plain text. */
  readonly tls: TlsFiles | undefined;
  /** `tokenFile` is read again for each request. */
  readonly credentials:
    | { readonly username: string; readonly password: string }
    | { readonly tokenFile: string }
    | undefined;
}

/** Reads an address. @throws AddressMistake */
export const readRegistryAddress = (text: string): RegistryAddress => {
  const rule = { protocols: ["http:", "https:"], parameters: [...tlsParameters, tokenFileParameter] };
  const { protocol, base, user, password, parameters } = readAddress(text, rule);
  const files = tlsFilesOf(parameters);
  const mistake = mistakeOfTls(files, tlsParameters);
  if (mistake !== undefined) throw new AddressMistake(mistake);
  const encrypted = protocol === "https:";
  if (!encrypted && Object.values(files).some((path) => path !== undefined))
    throw new AddressMistake("expected https:// beside ssl-ca, ssl-cert and ssl-key");
  const tokenFile = parameters[tokenFileParameter];
  const hasUser = user + password !== "";
  if (tokenFile !== undefined && hasUser) throw new AddressMistake("expected no user beside token-file");
  return {
    base,
    tls: encrypted ? files : undefined,
    credentials: tokenFile !== undefined ? { tokenFile } : hasUser ? { username: user, password } : undefined,
  };
};
