/** What a token secret must be. */
import { Fatal } from "../../engine/errors.ts";

/** A shorter secret can be guessed offline from one token (RFC 7518, 3.2: at least as long as the hash). */
const minSecretBytes = 32;

/** @throws Fatal (WEAK_SECRET) when the token secret is shorter than 32 bytes. */
export const checkSecret = (tokenSecret: Uint8Array): void => {
  if (tokenSecret.length >= minSecretBytes) return;
  throw new Fatal(
    "WEAK_SECRET",
    `the token secret has ${tokenSecret.length} bytes, at least ${minSecretBytes} are needed: make one with "openssl rand -hex 32"`,
  );
};
