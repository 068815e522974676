/** Lua on the server, sent once and then called by its hash. */
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { reaching } from "./connection.ts";

/** A script and its hash. The text is a constant: what differs goes in as keys and arguments. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** Declares a script. */
export const script = (lua: string): Script => ({ lua, sha: createHash("sha1").update(lua).digest("hex") });

/**
 * Runs a script. A server that does not know it (new, flushed, failed over) has run nothing, and is sent the text.
 * @throws Unavailable
 */
export const runScript = (
  client: Redis,
  { lua, sha }: Script,
  { keys, values }: { readonly keys: readonly string[]; readonly values: readonly string[] },
): Promise<unknown> =>
  reaching(async () => {
    try {
      return await client.evalsha(sha, keys.length, ...keys, ...values);
    } catch (error) {
      // Redis's error code stands first in the text; there is no other place to find it.
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return await client.eval(lua, keys.length, ...keys, ...values);
    }
  });
