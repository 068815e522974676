/** Certificates for a test: an authority, a server of this machine, and a client, all by openssl, for a day. */
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Paths of PEM files. */
export interface Certificates {
  readonly ca: string;
  readonly server: {
    readonly cert: string;
    readonly key: string /** Key and certificate in one. */;
    readonly both: string;
  };
  readonly client: { readonly cert: string; readonly key: string };
  /** An authority that signed none of these. */
  readonly otherCa: string;
}

/** Makes them in a folder. @throws Error where openssl is not installed. */
export const makeCertificates = async (folder: string): Promise<Certificates> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]) => run("openssl", args, { cwd: folder });
  // Elliptic curves: an RSA key takes a second to make.
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const authority = async (name: string) => {
    const subject = ["-subj", `/CN=${name}`, "-days", "1"];
    await openssl("req", "-x509", ...newKey, "-keyout", at(`${name}.key`), "-out", at(`${name}.pem`), ...subject);
  };
  const signed = async (name: string, extensions: string) => {
    writeFileSync(at(`${name}.ext`), extensions);
    await openssl("req", ...newKey, "-keyout", at(`${name}.key`), "-out", at(`${name}.csr`), "-subj", `/CN=${name}`);
    const by = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "1"];
    await openssl(
      "x509",
      "-req",
      "-in",
      at(`${name}.csr`),
      ...by,
      "-extfile",
      at(`${name}.ext`),
      "-out",
      at(`${name}.pem`),
    );
    chmodSync(at(`${name}.key`), 0o600);
    return { cert: at(`${name}.pem`), key: at(`${name}.key`) };
  };
  await Promise.all([authority("ca"), authority("other-ca")]);
  const server = await signed("server", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n");
  const client = await signed("client", "extendedKeyUsage=clientAuth\n");
  const both = at("server-both.pem");
  writeFileSync(both, `${readFileSync(server.key)}${readFileSync(server.cert)}`, { mode: 0o600 });
  return { ca: at("ca.pem"), server: { ...server, both }, client, otherCa: at("other-ca.pem") };
};
