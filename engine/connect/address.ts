/**
 * Reads the address of a service that is given as a URL. Nothing of it is dropped in silence: a parameter that is not known is
 * refused by its name, and a mistake is a sentence that repeats nothing that may be a secret. Pure.
 */
import { Fatal } from "../errors.ts";

/** What an address may look like. */
export interface AddressRule {
  /** Such as `mysql:`; the first is the one that messages show. */
  readonly protocols: readonly string[];
  /** Names of parameters that are honoured. Default: none. */
  readonly parameters?: readonly string[];
}

/** An address in its parts, decoded. */
export interface Address {
  /** With its colon, such as `rediss:`. */
  readonly protocol: string;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  /** Undefined where none is given, or it is the protocol's own. */
  readonly port: number | undefined;
  readonly user: string;
  readonly password: string;
  /** Without the slash it begins with. */
  readonly path: string;
  /** Without user, password and parameters, and without a slash at its end. */
  readonly base: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What is wrong with an address, in a sentence that begins with what is expected. Holds nothing of the address but names. */
export class AddressMistake extends Fatal {
  constructor(message: string) {
    super("ADDRESS", message);
  }
}

/** The parts of an address. @throws AddressMistake */
export const readAddress = (text: string, rule: AddressRule): Address => {
  const url = URL.parse(text);
  const begins = rule.protocols.map((protocol) => `${protocol}//`).join(" or ");
  // Without its slashes a URL would be taken for one whose host is what follows.
  if (url === null || !rule.protocols.some((protocol) => text.toLowerCase().startsWith(`${protocol}//`)))
    throw new AddressMistake(
      `expected a URL that begins with ${begins}; in a user or a password / ? # @ : and % are written as %2F %3F %23 %40 %3A %25`,
    );
  if (url.hostname === "") throw new AddressMistake(`expected a host after ${url.protocol}//`);
  if (url.hash !== "")
    throw new AddressMistake("expected nothing after a #; in a user or a password it is written as %23");
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  bare.search = "";
  return {
    protocol: url.protocol,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? undefined : Number(url.port),
    user: decoded(url.username, "user"),
    password: decoded(url.password, "password"),
    path: decoded(url.pathname.replace(/^\//, ""), "path"),
    base: bare.href.replace(/\/+$/, ""),
    parameters: parametersOf(url.searchParams, rule.parameters ?? []),
  };
};

const decoded = (text: string, what: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AddressMistake(
      `expected two hexadecimal digits of UTF-8 after each % of the ${what}; a % itself is written as %25`,
    );
  }
};

/** Parameters of other clients of these systems, which are brought along with an address: they may be shown. */
const namesElsewhere = [
  ...["allowPublicKeyRetrieval", "autoReconnect", "charset", "connectTimeout", "connectionLimit", "connectionTimeout"],
  ...["createDatabaseIfNotExist", "db", "family", "keepAlive", "password", "protocol", "rewriteBatchedStatements"],
  ...["serverTimezone", "socketTimeout", "ssl", "sslmode", "ssl_cert_reqs", "timeout", "timezone", "tls", "user"],
  ...["useSSL", "useUnicode", "username", "verifyServerCertificate"],
];

const lettersOf = (name: string): string => name.replaceAll(/[-_.]/g, "").toLowerCase();

const parametersOf = (given: URLSearchParams, known: readonly string[]): Readonly<Record<string, string>> => {
  const list = known.length === 0 ? "none" : known.join(", ");
  for (const [name, value] of given) {
    if (known.includes(name)) continue;
    // Any other text before a = may be a piece of a password; so may what has no value, or a host after it.
    const isName = [...known, ...namesElsewhere].some((one) => lettersOf(one) === lettersOf(name));
    const shown = value !== "" && !given.toString().includes("%40") && isName ? `the parameter ${name}` : "a parameter";
    throw new AddressMistake(`has ${shown}, which is not honoured; known are: ${list}`);
  }
  const twice = known.find((name) => given.getAll(name).length > 1);
  if (twice !== undefined) throw new AddressMistake(`expected the parameter ${twice} once`);
  return Object.fromEntries(given);
};
