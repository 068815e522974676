/** Bearer tokens: minted for development, verified at every request. */
import { createSigner } from "fast-jwt";
import { Fatal } from "../../engine/errors.ts";
import { createLru } from "../../engine/lru.ts";
import type { UserId } from "../../schemas/coupon.ts";
import { userIdFrom, userIdWords } from "../http/request/ids.ts";
import { checkSecret } from "./secret.ts";
import type { TokenHeader, TokenKeys, VerificationKey } from "./verification-keys.ts";

/** Who asks: what a verified token says. */
export interface Caller {
  readonly userId: UserId;
  readonly admin: boolean;
  /** What the token says of it; the API knows `admin` alone. */
  readonly role?: string;
}

/**
 * What a token came to. `invalid` covers forged, malformed, and lacking a claim: a client can do nothing else about it.
 * `unsure`: no key is known that may have signed it; once `asked` has ended, read it again. `keysAway`: no key is known at all.
 */
export type TokenAnswer =
  | { readonly kind: "caller"; readonly caller: Caller }
  | { readonly kind: "expired" }
  | { readonly kind: "invalid"; readonly why: string }
  | { readonly kind: "unsure"; readonly asked: Promise<void> }
  | { readonly kind: "keysAway" };

/** Which tokens are taken, of those that a known key has signed. */
export interface TokenPolicy {
  /** What `iss` must be; any, or none, where undefined. */
  readonly issuer?: string | undefined;
  /** What `aud` must be or contain; any, or none, where undefined. */
  readonly audience?: string | undefined;
  /** From `iat` to `exp`, and from now to `exp`, at most, ms: a stolen token is not good for ever. */
  readonly maxLifetimeMs: number;
}

/** What to put in a token. */
export interface TokenWish {
  /** At least 32 bytes. */
  readonly secret: Uint8Array;
  readonly userId: string;
  /** `admin` opens coupons; to the API any other role, or none, is a user's. The console takes `viewer` and `operator`. */
  readonly role?: string;
  /** How long it is good for; 1,000 to 31,536,000,000 (a year), or what the policy says if that is less. */
  readonly ttlMs: number;
  /** Epoch ms. */
  readonly now: number;
  /** Of those who will read it; its issuer and audience are put into the token. */
  readonly policy?: TokenPolicy;
}

const yearMs = 31_536_000_000;
/** Takes tokens of any issuer and audience that are good for a year at most. */
export const anyPolicy: TokenPolicy = { maxLifetimeMs: yearMs };
/** By so much the clock of who minted a token may be ahead of ours, ms. */
const clockToleranceMs = 30_000;
/** Audiences of one token that are looked at. */
const maxAudiences = 100;
/** Longer than any token minted here by far; the header fields as a whole have a limit of their own. */
const maxTokenLength = 4_096;

/** A signed token. @throws Fatal (WEAK_SECRET, BAD_TOKEN_WISH) naming what is wrong with the wish. */
export const mintToken = (wish: TokenWish): string => {
  checkSecret(wish.secret);
  const { issuer, audience, maxLifetimeMs } = wish.policy ?? anyPolicy;
  const sub = userIdFrom(wish.userId);
  if (sub === undefined) {
    throw new Fatal("BAD_TOKEN_WISH", `user id ${JSON.stringify(wish.userId)} is not ${userIdWords}`);
  }
  const longestMs = Math.min(yearMs, maxLifetimeMs);
  if (!(wish.ttlMs >= 1_000 && wish.ttlMs <= longestMs)) {
    throw new Fatal("BAD_TOKEN_WISH", `a token is good for 1,000 to ${longestMs} ms, not for ${wish.ttlMs}`);
  }
  const iat = Math.floor(wish.now / 1_000);
  const exp = Math.floor((wish.now + wish.ttlMs) / 1_000);
  const role = wish.role === undefined ? {} : { role: wish.role };
  return createSigner({ key: Buffer.from(wish.secret), algorithm: "HS256", noTimestamp: true })({
    sub,
    ...role,
    ...(issuer === undefined ? {} : { iss: issuer }),
    ...(audience === undefined ? {} : { aud: audience }),
    iat,
    exp,
  });
};

interface Known {
  readonly caller: Caller;
  readonly notBeforeMs: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/**
 * Reads who a token is for, at `nowMs`. Good tokens are remembered by their whole text, so that a client's second
 * request costs a map look-up; times are judged at every call, remembered or not, and nothing is remembered once the keys are
 * others. A miss costs about 4 us with a shared secret, some ten times that with a public key.
 *
 * fast-jwt's own memory is not used: it reads the system clock, and its key, a digest, costs a burst of new users half
 * as much again as the verification it saves.
 */
export const createTokenReader = (
  keys: TokenKeys,
  policy: TokenPolicy,
  rememberedTokens: number,
): ((token: string, nowMs: number) => TokenAnswer) => {
  let memory = createLru<string, Known>(rememberedTokens);
  let version = keys.version();
  return (token, nowMs) => {
    if (keys.version() !== version) {
      version = keys.version();
      memory = createLru(rememberedTokens);
    }
    let known = memory.get(token);
    if (known === undefined) {
      const read = readToken(keys, token, policy);
      if (typeof read === "string") return { kind: "invalid", why: read };
      if ("kind" in read) return read;
      known = read;
      memory.set(token, known);
    }
    return judgeTimes(known, policy, nowMs);
  };
};

const judgeTimes = (known: Known, { maxLifetimeMs }: TokenPolicy, nowMs: number): TokenAnswer => {
  const { caller, notBeforeMs, issuedAtMs, expiresAtMs } = known;
  if (nowMs >= expiresAtMs) return { kind: "expired" };
  if (nowMs + clockToleranceMs < Math.max(notBeforeMs, issuedAtMs)) {
    return { kind: "invalid", why: "The token is not valid yet." };
  }
  if (expiresAtMs > nowMs + maxLifetimeMs + clockToleranceMs) return { kind: "invalid", why: tooLong };
  return { kind: "caller", caller };
};

const tooLong = "The token is good for longer than tokens may be.";
// One answer for malformed, unsigned, signed by another key or another algorithm: a forger learns nothing.
const malformed = "The token is malformed or its signature is wrong.";

/** What a token says, or why it is refused, in words for its holder. */
const readToken = (
  keys: TokenKeys,
  token: string,
  policy: TokenPolicy,
): Known | string | Extract<TokenAnswer, { readonly kind: "unsure" | "keysAway" }> => {
  if (token.length > maxTokenLength) return "The token is too long.";
  const header = headerOf(token);
  if (header === undefined) return malformed;
  const candidates = keys.candidates(header);
  if (candidates.length === 0) {
    const asked = keys.lookAgain();
    if (asked !== undefined) return { kind: "unsure", asked };
    return keys.known() ? malformed : { kind: "keysAway" };
  }
  const claims = verifiedBy(candidates, token);
  if (claims === undefined) return malformed;
  if (typeof claims !== "object" || claims === null) return "The token has no claims.";
  // Any object may be read as unknown properties.
  return readClaims(claims as { readonly [claim: string]: unknown }, policy);
};

/** The header, before anything is verified: it only chooses among keys that are ours. */
const headerOf = (token: string): TokenHeader | undefined => {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split(".", 1)[0] ?? "", "base64url").toString());
    return typeof header === "object" && header !== null && "alg" in header ? header : undefined;
  } catch {
    return undefined;
  }
};

const verifiedBy = (candidates: readonly VerificationKey[], token: string): unknown => {
  for (const { verify } of candidates) {
    try {
      return verify(token);
    } catch {
      // Another key may have signed it.
    }
  }
  return undefined;
};

const isTime = (claim: unknown): claim is number => typeof claim === "number" && Number.isFinite(claim);

const readClaims = (
  { sub, exp, nbf, iat, iss, aud, role }: { readonly [claim: string]: unknown },
  { issuer, audience, maxLifetimeMs }: TokenPolicy,
): Known | string => {
  const userId = userIdFrom(sub);
  if (userId === undefined) return `The sub claim must be ${userIdWords}.`;
  if (!isTime(exp)) return "The exp claim is required and must be a number.";
  if (nbf !== undefined && !isTime(nbf)) return "The nbf claim must be a number.";
  if (iat !== undefined && !isTime(iat)) return "The iat claim must be a number.";
  if (iat !== undefined && (exp - iat) * 1_000 > maxLifetimeMs) return tooLong;
  if (role !== undefined && typeof role !== "string") return "The role claim must be a string.";
  // One answer for both: whose tokens are taken here is nothing that a stranger's token should learn.
  const meant = (issuer === undefined || iss === issuer) && (audience === undefined || isFor(aud, audience));
  if (!meant) return "The token is of another issuer or for another audience.";
  return {
    caller: { userId, admin: role === "admin", ...(role === undefined ? {} : { role }) },
    notBeforeMs: (nbf ?? 0) * 1_000,
    issuedAtMs: (iat ?? 0) * 1_000,
    expiresAtMs: exp * 1_000,
  };
};

/** RFC 7519, 4.1.3: one text or a list of them. */
const isFor = (aud: unknown, audience: string): boolean =>
  Array.isArray(aud) ? aud.slice(0, maxAudiences).includes(audience) : aud === audience;
