/** Whose token may see the console: the API's own tokens that have a role, so that a customer's opens nothing here. */
import type { ViewerOf } from "../../engine/app/console/define-console.ts";
import type { Role } from "../../engine/console/documents.ts";
import { type Clock, systemClock } from "../../engine/clock.ts";
import { silentLogger } from "../../engine/logger.ts";
import { createTokenReader } from "../../api/tokens/token.ts";
import type { Config } from "../config.ts";
import { openTokenKeys } from "../token-keys.ts";

/** An administrator of the shop operates it. */
const roles: ReadonlyMap<string | undefined, Role> = new Map([
  ["admin", "operator"],
  ["operator", "operator"],
  ["viewer", "viewer"],
]);

/** Reads tokens with the keys that the configuration names. @throws Fatal (BAD_KEYS) as openTokenKeys does */
export const shopViewers = async (
  { tokens }: Pick<Config, "tokens">,
  clock: Clock = systemClock,
): Promise<ViewerOf> => {
  const opened = await openTokenKeys(tokens, { clock, logger: silentLogger });
  // A login is rare: no token is worth remembering.
  const read = createTokenReader(opened.tokens.keys, opened.tokens.policy, 0);
  return async (token) => {
    const first = read(token, clock.now());
    if (first.kind === "unsure") await first.asked;
    const answer = first.kind === "unsure" ? read(token, clock.now()) : first;
    const role = answer.kind === "caller" ? roles.get(answer.caller.role) : undefined;
    if (answer.kind !== "caller" || role === undefined) return undefined;
    return { name: answer.caller.userId, role, expiresAtMs: expiryOf(token) };
  };
};

/** Of a token that was verified, so its claims are what the reader has judged. */
const expiryOf = (token: string): number => {
  const { exp } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    readonly exp: number;
  };
  return exp * 1_000;
};
