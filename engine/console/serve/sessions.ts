/** Who is logged in. Kept in memory: a console that is started again is logged in to again. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createLru } from "../../lru.ts";
import type { Viewer } from "../documents.ts";

/** Somebody who logs in, and until when what they logged in with is good. */
export interface LoggingIn extends Viewer {
  /** Epoch ms; infinite for what does not expire. */
  readonly expiresAtMs: number;
}

/** Sessions of one console. */
export interface Sessions {
  /** Begins one, which does not outlive what was logged in with; answers the secret that its cookie holds, and how long it lasts. */
  readonly begin: (who: LoggingIn) => { readonly secret: string; readonly lastsMs: number };
  /** Whose it is; undefined where it is none, or has ended. */
  readonly viewerOf: (secret: string) => Viewer | undefined;
  readonly end: (secret: string) => void;
}

/** How long a session lasts at most, ms: a working day. */
const sessionMs = 12 * 3_600_000;
/** Sessions at once, at most; for further ones those end that were used longest ago, and never the 500 that were used last. */
const mostSessions = 1_000;

const newSecret = (): string => randomBytes(32).toString("base64url");

/** No sessions yet. */
export const createSessions = (now: () => number): Sessions => {
  const sessions = createLru<string, { readonly viewer: Viewer; readonly endsAt: number }>(mostSessions);
  return {
    begin: ({ name, role, expiresAtMs }) => {
      const [secret, at] = [newSecret(), now()];
      const endsAt = Math.min(at + sessionMs, expiresAtMs);
      sessions.set(secret, { viewer: { name, role }, endsAt });
      return { secret, lastsMs: Math.max(0, endsAt - at) };
    },
    viewerOf: (secret) => {
      const session = sessions.get(secret);
      return session === undefined || session.endsAt <= now() ? undefined : session.viewer;
    },
    end: (secret) => {
      const session = sessions.get(secret);
      if (session !== undefined) sessions.set(secret, { ...session, endsAt: 0 });
    },
  };
};

/** Codes that are each good for one login, for whoever sees this process's terminal. */
export interface LoginCodes {
  /** The code that is good now. */
  readonly current: () => string;
  /** Whether it was that code; it is good no more then, and there is another one. */
  readonly take: (code: string) => boolean;
}

/** Codes of 256 bits. */
export const createLoginCodes = (): LoginCodes => {
  let current = newSecret();
  return {
    current: () => current,
    take: (code) => {
      const [given, good] = [Buffer.from(code), Buffer.from(current)];
      if (given.length !== good.length || !timingSafeEqual(given, good)) return false;
      current = newSecret();
      return true;
    },
  };
};
