/** The address of Redis: `redis://[user:password@]host:6379[/db]`, or `rediss://` for TLS with the certificate and the name checked. Pure. */
import { type Address, AddressMistake, readAddress } from "../../engine/connect/address.ts";
import { mistakeOfTls, type TlsFiles, tlsFilesOf, tlsParameters } from "../../engine/connect/tls.ts";

/** An address, understood. */
export interface RedisAddress extends Pick<Address, "host" | "user" | "password"> {
  readonly port: number;
  /** The logical database. */
  readonly db: number;
  /** Undefined where the connection is plain text. */
  readonly tls: TlsFiles | undefined;
}

/** Reads an address. @throws AddressMistake */
export const readRedisAddress = (text: string): RedisAddress => {
  const rule = { protocols: ["redis:", "rediss:"], parameters: tlsParameters };
  const { protocol, host, port, user, password, path, parameters } = readAddress(text, rule);
  if (!/^\d{0,4}$/.test(path))
    throw new AddressMistake("expected the number of a logical database after the host, or nothing");
  const files = tlsFilesOf(parameters);
  const mistake = mistakeOfTls(files, tlsParameters);
  if (mistake !== undefined) throw new AddressMistake(mistake);
  const encrypted = protocol === "rediss:";
  if (!encrypted && Object.keys(parameters).length > 0)
    throw new AddressMistake("expected rediss:// beside ssl-ca, ssl-cert and ssl-key");
  return { host, port: port ?? 6379, user, password, db: Number(path), tls: encrypted ? files : undefined };
};
