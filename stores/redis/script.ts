/** Lua on the server, sent once and then called by its hash. */
import { createHash } from "node:crypto";
import type { Redis } from "./ioredis.ts";
import { Poison } from "../../engine/errors.ts";
import { reaching } from "./connection.ts";

/** A script and its hash. The text is a constant: what differs goes in as keys and arguments. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** Declares a script. */
export const script = (lua: string): Script => ({ lua, sha: createHash("sha1").update(lua).digest("hex") });

/** Keys hold something that the gate never wrote: those of some coupons, which are named. Nothing else is wrong. */
export class WrongKeys extends Poison {
  readonly keys: readonly string[];
  constructor(keys: readonly string[], cause: Poison) {
    const some = keys.slice(0, 10).join(", ");
    super(
      cause.code,
      `${some}: not what the gate wrote there; look at it, then delete it (DEL): until then the database decides its coupon's requests alone`,
      {
        cause,
      },
    );
    this.keys = keys;
  }
}

interface ScriptCall {
  readonly keys: readonly string[];
  readonly values: readonly string[];
}

/**
 * Runs a script. A server that does not know it (new, flushed, failed over) has run nothing, and is sent the text.
 * @throws WrongKeys naming them, where a key is no hash: what the script did with those before it stands.
 * @throws Unavailable @throws AccessRefused @throws Fatal as error-table.ts has it
 */
export const runScript = async (client: Redis, wanted: Script, call: ScriptCall): Promise<unknown> => {
  try {
    return await runOnce(client, wanted, call);
  } catch (error) {
    if (!(error instanceof Poison)) throw error;
    const wrong = await keysOfOtherTypes(client, call.keys);
    throw wrong.length === 0 ? error : new WrongKeys(wrong, error);
  }
};

/** Of the gate's keys, those that are no hash. Asked only once a script has failed. */
const keysOfOtherTypes = async (client: Redis, keys: readonly string[]): Promise<readonly string[]> => {
  const types = await reaching(client, () => Promise.all(keys.map((key) => client.type(key))));
  return keys.filter((_, at) => types[at] !== "hash" && types[at] !== "none");
};

const runOnce = (client: Redis, { lua, sha }: Script, { keys, values }: ScriptCall): Promise<unknown> =>
  reaching(client, async () => {
    try {
      return await client.evalsha(sha, keys.length, ...keys, ...values);
    } catch (error) {
      // Redis's error code stands first in the text; there is no other place to find it.
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return await client.eval(lua, keys.length, ...keys, ...values);
    }
  });
