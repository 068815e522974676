/**
 * The keys that tokens are verified with. An asymmetric key can't mint a token: whoever has it learns nothing that helps to
 * become an administrator. A key's kind decides its one algorithm, so a token's header never does (no RSA key as an HMAC secret).
 */
import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { createVerifier } from "fast-jwt";
import { Fatal } from "../../engine/errors.ts";
import { checkSecret } from "./secret.ts";

/** The algorithms there are; every other is refused. */
export type Algorithm = "HS256" | "RS256" | "ES256" | "EdDSA";

/** What a token's header says of the key that signed it. */
export interface TokenHeader {
  readonly alg: unknown;
  readonly kid?: unknown;
}

/** One key. */
export interface VerificationKey {
  readonly algorithm: Algorithm;
  /** Which tokens name it; undefined where it has no name, and may have signed any. */
  readonly kid: string | undefined;
  /** The claims of a token that it signed; times are not judged. @throws where it did not sign it. */
  readonly verify: (token: string) => unknown;
}

/** Keys of one origin. */
export interface TokenKeys {
  /** Those that may have signed a token with this header; {@link maxTried} at most. */
  readonly candidates: (header: TokenHeader) => readonly VerificationKey[];
  /** Another number once the keys are others: what was verified before counts no more. */
  readonly version: () => number;
  /** Asks the origin anew, for a header without candidates; undefined where it was asked a moment ago, or has none. */
  readonly lookAgain: () => Promise<void> | undefined;
  /** Whether there are keys: not where the origin has not answered yet. */
  readonly known: () => boolean;
}

/** Keys that are tried for one token: a stranger's token must not cost a hundred verifications. */
const maxTried = 4;

const candidatesOf = (keys: readonly VerificationKey[], { alg, kid }: TokenHeader): readonly VerificationKey[] =>
  keys
    .filter(({ algorithm, kid: own }) => algorithm === alg && (own === undefined || kid === undefined || own === kid))
    .slice(0, maxTried);

/** Keys that stay as they are. */
export const fixedKeys = (keys: readonly VerificationKey[]): TokenKeys => ({
  candidates: (header) => candidatesOf(keys, header),
  version: () => 0,
  lookAgain: () => undefined,
  known: () => keys.length > 0,
});

/** Keys of several origins, as one. */
export const joinedKeys = (all: readonly TokenKeys[]): TokenKeys => ({
  candidates: (header) => all.flatMap(({ candidates }) => candidates(header)).slice(0, maxTried),
  version: () => all.reduce((sum, { version }) => sum + version(), 0),
  lookAgain: () => {
    const asked = all.flatMap(({ lookAgain }) => lookAgain() ?? []);
    return asked.length === 0 ? undefined : Promise.all(asked).then(() => undefined);
  },
  known: () => all.every(({ known }) => known()),
});

/**
 * A shared secret and those it came after: whoever has one of them can mint, too. A former one is accepted, so that tokens
 * minted before a rotation are good until they expire.
 * @throws Fatal (WEAK_SECRET) below 32 bytes.
 */
export const secretKeys = (secrets: readonly Uint8Array[]): readonly VerificationKey[] =>
  secrets.map((secret) => {
    checkSecret(secret);
    return keyOf("HS256", undefined, Buffer.from(secret));
  });

/** Fewer bits than these can be factored by those who wish to (NIST SP 800-131A). */
const minRsaBits = 2_048;
/** Keys that one document may have. */
const maxKeys = 100;

/**
 * The public keys of a document: a JWK set (RFC 7517), or one or more in PEM. Of a set, keys for other uses and of kinds
 * that are not used here are left out: an identity provider publishes those, too.
 * @throws Fatal (BAD_KEYS) where it is neither, holds a private key, or no key that can be used.
 */
export const publicKeysIn = (text: string): readonly VerificationKey[] => {
  const keys = text.trimStart().startsWith("{") ? keysOfSet(text) : keysOfPem(text);
  if (keys.length === 0) throw bad("there is no key for RS256, ES256 or EdDSA in it");
  return keys.slice(0, maxKeys);
};

const bad = (why: string): Fatal => new Fatal("BAD_KEYS", `the keys of tokens cannot be used: ${why}`);

const keysOfSet = (text: string): readonly VerificationKey[] => {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    throw bad("they are no JSON");
  }
  // Any object may be read as unknown properties.
  const { keys } = set as { readonly keys?: unknown };
  if (!Array.isArray(keys)) throw bad("there is no list `keys` in them");
  return keys.slice(0, maxKeys).flatMap((jwk: unknown) => (isForSignatures(jwk) ? keyOfJwk(jwk) : []));
};

type Jwk = JsonWebKey & { readonly kid?: unknown; readonly use?: unknown; readonly alg?: unknown };

/** A symmetric key in a set (`oct`) would be a secret that everybody can read. */
const isForSignatures = (jwk: unknown): jwk is Jwk =>
  typeof jwk === "object" &&
  jwk !== null &&
  "kty" in jwk &&
  jwk.kty !== "oct" &&
  (!("use" in jwk) || jwk.use === "sig");

const keyOfJwk = (jwk: Jwk): readonly VerificationKey[] => {
  if ("d" in jwk) throw bad("one of them is a private key, which must not leave who signs tokens");
  const { kid, alg } = jwk;
  if (kid !== undefined && typeof kid !== "string") return [];
  try {
    const key = createPublicKey({ key: jwk, format: "jwk" });
    const algorithm = algorithmOf(key);
    return algorithm === undefined || (alg !== undefined && alg !== algorithm) ? [] : [keyOf(algorithm, kid, pem(key))];
  } catch {
    // Of a kind, or with members, that this runtime does not know.
    return [];
  }
};

const keysOfPem = (text: string): readonly VerificationKey[] => {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw bad("one of them is a private key, which must not leave who signs tokens");
  }
  const blocks = text.match(/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g) ?? [];
  return blocks.slice(0, maxKeys).map((block) => {
    let key: KeyObject;
    try {
      key = createPublicKey(block);
    } catch {
      throw bad("a block of PEM is no public key");
    }
    const algorithm = algorithmOf(key);
    if (algorithm === undefined) throw bad("a key is none of RSA of 2048 bits or more, EC P-256, and Ed25519");
    return keyOf(algorithm, undefined, pem(key));
  });
};

const algorithmOf = ({ asymmetricKeyType, asymmetricKeyDetails: details = {} }: KeyObject): Algorithm | undefined => {
  switch (asymmetricKeyType) {
    case "rsa":
      return (details.modulusLength ?? 0) >= minRsaBits ? "RS256" : undefined;
    case "ec":
      return details.namedCurve === "prime256v1" ? "ES256" : undefined;
    case "ed25519":
      return "EdDSA";
    default:
      return undefined;
  }
};

const pem = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();

const keyOf = (algorithm: Algorithm, kid: string | undefined, key: string | Buffer): VerificationKey => ({
  algorithm,
  kid,
  verify: createVerifier({ key, algorithms: [algorithm], ignoreExpiration: true, ignoreNotBefore: true }),
});

/** Where keys are read from, again and again. */
export interface KeyOrigin {
  /** The document. @throws where it cannot be had now. */
  readonly load: () => Promise<string>;
  /** ms, of a clock that is never set. */
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
}

/** How often an origin is asked. */
export interface RefreshSettings {
  /** While all is well, ms. */
  readonly everyMs: number;
  /** At the soonest: while it does not answer, and for tokens with a `kid` that is not known, which anybody can make up, ms. */
  readonly atSoonestMs: number;
}

/** Providers publish a key for hours before they sign with it, and keep it for as long as its tokens are good. */
export const refreshDefaults: RefreshSettings = { everyMs: 300_000, atSoonestMs: 10_000 };

/** Keys that are read again, and what keeps them so. */
export interface RefreshedKeys extends TokenKeys {
  /** Reads them where it is time to; call it every second or so. Never rejects. */
  readonly refresh: () => Promise<void>;
}

/**
 * Keys as their origin last gave them. An origin that is away changes nothing: the keys it gave remain good. A key that
 * it no longer names is no longer accepted.
 */
export const refreshedKeys = (
  { load, now, failed }: KeyOrigin,
  { everyMs, atSoonestMs }: RefreshSettings = refreshDefaults,
): RefreshedKeys => {
  let keys: readonly VerificationKey[] = [];
  let text: string | undefined;
  let version = 0;
  let askedAt = Number.NEGATIVE_INFINITY;
  let loadedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  const ask = async (): Promise<void> => {
    askedAt = now();
    try {
      const loaded = await load();
      if (loaded !== text) [keys, text, version] = [publicKeysIn(loaded), loaded, version + 1];
      loadedAt = now();
    } catch (error) {
      failed(error);
    } finally {
      asking = undefined;
    }
  };
  const lookAgain = (): Promise<void> | undefined => {
    if (asking === undefined && now() - askedAt >= atSoonestMs) asking = ask();
    return asking;
  };
  return {
    candidates: (header) => candidatesOf(keys, header),
    version: () => version,
    lookAgain,
    known: () => version > 0,
    refresh: async () => {
      if (now() - loadedAt >= everyMs) await lookAgain();
    },
  };
};
