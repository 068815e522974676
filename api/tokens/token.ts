/** Bearer tokens: minted for development, verified at every request. HS256 and nothing else. */
import { createSigner, createVerifier } from "fast-jwt";
import { Fatal } from "../../engine/errors.ts";
import { createLru } from "../../engine/lru.ts";
import type { UserId } from "../../schemas/coupon.ts";
import { userIdFrom } from "../http/request/ids.ts";
import { checkSecret } from "./secret.ts";

/** Who asks: what a verified token says. */
export interface Caller {
  readonly userId: UserId;
  readonly admin: boolean;
}

/** What a token came to. `invalid` covers forged, malformed, and lacking a claim: a client can do nothing else about it. */
export type TokenAnswer =
  | { readonly kind: "caller"; readonly caller: Caller }
  | { readonly kind: "expired" }
  | { readonly kind: "invalid"; readonly why: string };

/** What to put in a token. */
export interface TokenWish {
  /** At least 32 bytes. */
  readonly secret: Uint8Array;
  readonly userId: string;
  /** `admin` opens coupons; any other role, or none, is a user's. */
  readonly role?: string;
  /** How long it is good for; 1,000 to 31,536,000,000 (a year). */
  readonly ttlMs: number;
  /** Epoch ms. */
  readonly now: number;
}

const yearMs = 31_536_000_000;
/** Longer than any token minted here by far; the header fields as a whole have a limit of their own. */
const maxTokenLength = 4_096;

/** A signed token. @throws Fatal (WEAK_SECRET, BAD_TOKEN_WISH) naming what is wrong with the wish. */
export const mintToken = (wish: TokenWish): string => {
  checkSecret(wish.secret);
  const sub = userIdFrom(wish.userId);
  if (sub === undefined) {
    throw new Fatal(
      "BAD_TOKEN_WISH",
      `user id ${JSON.stringify(wish.userId)} is not 1 to 64 of A-Z a-z 0-9 . _ @ : | + -`,
    );
  }
  if (!(wish.ttlMs >= 1_000 && wish.ttlMs <= yearMs)) {
    throw new Fatal("BAD_TOKEN_WISH", `a token is good for 1,000 to ${yearMs} ms, not for ${wish.ttlMs}`);
  }
  const iat = Math.floor(wish.now / 1_000);
  const exp = Math.floor((wish.now + wish.ttlMs) / 1_000);
  const role = wish.role === undefined ? {} : { role: wish.role };
  return createSigner({ key: Buffer.from(wish.secret), algorithm: "HS256", noTimestamp: true })({
    sub,
    ...role,
    iat,
    exp,
  });
};

interface Known {
  readonly caller: Caller;
  readonly notBeforeMs: number;
  readonly expiresAtMs: number;
}

/**
 * Reads who a token is for, at `nowMs`. Good tokens are remembered by their whole text, so that a client's second
 * request costs a map look-up; expiry is judged at every call, remembered or not. A miss costs about 4 us.
 *
 * fast-jwt's own memory is not used: it reads the system clock, and its key, a digest, costs a burst of new users half
 * as much again as the verification it saves.
 * @throws Fatal (WEAK_SECRET)
 */
export const createTokenReader = (
  secret: Uint8Array,
  rememberedTokens: number,
): ((token: string, nowMs: number) => TokenAnswer) => {
  checkSecret(secret);
  const verify = createVerifier({
    key: Buffer.from(secret),
    algorithms: ["HS256"],
    ignoreExpiration: true,
    ignoreNotBefore: true,
  });
  const memory = createLru<string, Known>(rememberedTokens);
  return (token, nowMs) => {
    let known = memory.get(token);
    if (known === undefined) {
      const read = readToken(verify, token);
      if (typeof read === "string") return { kind: "invalid", why: read };
      known = read;
      memory.set(token, known);
    }
    if (nowMs >= known.expiresAtMs) return { kind: "expired" };
    if (nowMs < known.notBeforeMs) return { kind: "invalid", why: "The token is not valid yet." };
    return { kind: "caller", caller: known.caller };
  };
};

/** What a token says, or why it is refused, in words for its holder. */
const readToken = (verify: (token: string) => unknown, token: string): Known | string => {
  if (token.length > maxTokenLength) return "The token is too long.";
  let claims: unknown;
  try {
    claims = verify(token);
  } catch {
    // One answer for malformed, unsigned, signed by another key or another algorithm: a forger learns nothing.
    return "The token is malformed or its signature is wrong.";
  }
  if (typeof claims !== "object" || claims === null) return "The token has no claims.";
  // Any object may be read as unknown properties.
  const { sub, exp, nbf, role } = claims as { readonly [claim: string]: unknown };
  const userId = userIdFrom(sub);
  if (userId === undefined) return "The sub claim must be 1 to 64 characters of A-Z a-z 0-9 . _ @ : | + -";
  if (typeof exp !== "number" || !Number.isFinite(exp)) return "The exp claim is required and must be a number.";
  if (nbf !== undefined && (typeof nbf !== "number" || !Number.isFinite(nbf))) return "The nbf claim must be a number.";
  if (role !== undefined && typeof role !== "string") return "The role claim must be a string.";
  return { caller: { userId, admin: role === "admin" }, notBeforeMs: (nbf ?? 0) * 1_000, expiresAtMs: exp * 1_000 };
};
