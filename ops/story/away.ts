/** What a story goes without: a service that is away takes its part of the story with it, and not the rest. */
import { Blocked, Unavailable } from "../../engine/errors.ts";
import { RegistryUnavailable } from "../../engine/registry/http.ts";

/** Remembers what was away, in sentences, each once. */
export interface Away {
  /** What `read` answers; `instead` where what it needs is away, which is remembered. Passes on every other error. */
  readonly orElse: <T>(instead: T, read: () => Promise<T>) => Promise<T>;
  readonly sentences: () => readonly string[];
}

/** Nothing is away yet. */
export const createAway = (): Away => {
  const sentences = new Set<string>();
  return {
    orElse: async (instead, read) => {
      try {
        return await read();
      } catch (error) {
        const why = whyAway(error);
        if (why === undefined) throw error;
        sentences.add(why);
        return instead;
      }
    },
    sentences: () => [...sentences],
  };
};

const whyAway = (error: unknown): string | undefined => {
  if (error instanceof RegistryUnavailable) return `what records say: ${error.message}`;
  if (error instanceof Unavailable || error instanceof Blocked) return `what is there: ${error.message}`;
  return undefined;
};
