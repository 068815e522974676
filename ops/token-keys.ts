/**
 * Where the keys of tokens are read from: a file, or an identity provider's JWK set. The calls that leave the process are the
 * two below. Refused, slow, too large, cut off, or answered with something else: the keys that are known remain, a line is
 * logged, and it is asked again (verification-keys.ts). What is answered twice changes nothing.
 */
import { open } from "node:fs/promises";
import type { Clock } from "../engine/clock.ts";
import { Fatal } from "../engine/errors.ts";
import { errorFields, type Logger } from "../engine/logger.ts";
import type { TokenPolicy } from "../api/tokens/token.ts";
import { fixedKeys, joinedKeys, refreshedKeys, secretKeys, type TokenKeys } from "../api/tokens/verification-keys.ts";
import type { Unready } from "../engine/readiness.ts";
import type { TokenConfig } from "./config.ts";

/** Bytes that a document of keys may have; a provider with ten keys and their certificates has some 20 KB. */
const maxBytes = 262_144;
/** How long a provider may take in all, ms. */
const fetchMs = 5_000;
/** Between two looks at whether it is time to read keys anew, ms. */
const lookEveryMs = 1_000;

/** Keys that are kept up to date until they are closed. */
export interface OpenedKeys {
  readonly tokens: { readonly keys: TokenKeys; readonly policy: TokenPolicy };
  /** Why no token can be verified yet; empty where there are keys. */
  readonly reasons: () => readonly Unready[];
  readonly close: () => Promise<void>;
}

/**
 * Opens the keys that a configuration names, and waits for the first answer of each origin, whatever it is.
 * @throws Fatal (BAD_KEYS) where the file cannot be read or used: that is a mistake of the deployment. A provider may be away.
 */
export const openTokenKeys = async (
  { secrets, keysFile, keysUrl, hs256, policy }: TokenConfig,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<OpenedKeys> => {
  const failed = (origin: string) => (error: unknown) =>
    logger.warn(
      { event: "tokens.keysUnavailable", origin, ...errorFields(error) },
      "the keys of tokens cannot be read",
    );
  const refreshed = [
    ...(keysFile === undefined ? [] : [{ load: () => readBounded(keysFile), failed: failed("file") }]),
    ...(keysUrl === undefined ? [] : [{ load: () => fetchBounded(keysUrl), failed: failed("url") }]),
  ].map((origin) => refreshedKeys({ ...origin, now: clock.now }));
  const own = hs256 ? [fixedKeys(secretKeys(secrets))] : [];
  const keys = joinedKeys([...own, ...refreshed]);
  await Promise.all(refreshed.map(({ refresh }) => refresh()));
  if (keysFile !== undefined && !refreshed[0]?.known()) {
    throw new Fatal(
      "BAD_KEYS",
      "the file that SLUICE_TOKEN_KEYS_FILE names has no keys that can be used; see the line above",
    );
  }
  const closing = new AbortController();
  const running = keepFresh(refreshed, clock, closing.signal);
  return {
    tokens: { keys, policy },
    reasons: () => (refreshed.every(({ known }) => known()) ? [] : [noKeys]),
    close: async () => {
      closing.abort();
      await running;
    },
  };
};

const noKeys: Unready = { code: "NO_KEYS", why: "the keys of tokens have not been read yet" };

const keepFresh = async (
  refreshed: readonly { readonly refresh: () => Promise<void> }[],
  clock: Clock,
  signal: AbortSignal,
): Promise<void> => {
  while (refreshed.length > 0 && !signal.aborted) {
    await clock.sleep(lookEveryMs, signal);
    if (!signal.aborted) await Promise.all(refreshed.map(({ refresh }) => refresh()));
  }
};

/** @throws Fatal (BAD_KEYS) where the document is too large @throws Error of the file system */
const readBounded = async (path: string): Promise<string> => {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(maxBytes + 1));
    if (bytesRead > maxBytes) throw tooLarge();
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
};

/** Never follows a redirect: it may lead to where keys are anybody's. @throws Error where there is no answer to be used. */
export const fetchBounded = async (url: string): Promise<string> => {
  const answer = await fetch(url, {
    redirect: "error",
    signal: AbortSignal.timeout(fetchMs),
    headers: { accept: "application/json" },
  });
  if (!answer.ok || answer.body === null) {
    await answer.body?.cancel();
    throw new Error(`it answered ${answer.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Counted after decompression, so that a bomb is too large, too. Leaving the loop cancels what is still to come.
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};

const tooLarge = (): Fatal => new Fatal("BAD_KEYS", `the keys of tokens have more than ${maxBytes} bytes`);
