/** Who is logged in. Kept in memory: a console that is started again is logged in to again. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createLru } from "../../lru.ts";
import type { Viewer } from "../documents.ts";

/** Sessions of one console. */
export interface Sessions {
  /** Begins one; answers the secret that its cookie holds. */
  readonly begin: (viewer: Viewer) => string;
  /** Whose it is; undefined where it is none, or has ended. */
  readonly viewerOf: (secret: string) => Viewer | undefined;
  readonly end: (secret: string) => void;
}

/** How long a session lasts, ms: a working day. */
export const sessionMs = 12 * 3_600_000;
/** Sessions at once; the one that was used longest ago is ended for a further one. */
const mostSessions = 1_000;

const newSecret = (): string => randomBytes(32).toString("base64url");

/** No sessions yet. */
export const createSessions = (now: () => number): Sessions => {
  const sessions = createLru<string, { readonly viewer: Viewer; readonly endsAt: number }>(mostSessions);
  return {
    begin: (viewer) => {
      const secret = newSecret();
      sessions.set(secret, { viewer, endsAt: now() + sessionMs });
      return secret;
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
