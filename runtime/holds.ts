/** What is held up because something is away: since when, by what, and whether that makes the process unready. */
import { codeOf, Unavailable } from "../processors/errors.ts";
import type { Clock } from "./clock.ts";

/** One hold. */
export interface Hold {
  /** The call that waits. */
  readonly call: string;
  /** What is away: the dependency's name, or the code of the error. */
  readonly who: string;
  readonly code: string;
  /** Epoch ms. */
  readonly sinceMs: number;
}

/** The holds of a worker. */
export interface Holds {
  /** Begins a hold, or goes on with it: it keeps the time of its beginning. */
  readonly keep: (where: string, call: string, error: unknown) => void;
  readonly end: (where: string, call: string) => void;
  readonly list: () => readonly Hold[];
}

/** No holds. */
export const createHolds = ({ now }: Pick<Clock, "now">): Holds => {
  const holds = new Map<string, Hold>();
  const nameOf = (where: string, call: string): string => `${where} ${call}`;
  return {
    keep: (where, call, error) => {
      const sinceMs = holds.get(nameOf(where, call))?.sinceMs ?? now();
      const who = error instanceof Unavailable ? error.who : codeOf(error);
      holds.set(nameOf(where, call), { call, who, code: codeOf(error), sinceMs });
    },
    end: (where, call) => {
      holds.delete(nameOf(where, call));
    },
    list: () => [...holds.values()],
  };
};

/** When holds make a process unready. */
export interface Patience {
  /** A hold that has lasted this long, ms. */
  readonly graceMs: number;
  /** Dependencies whose absence is no reason to be unready, however long it lasts. */
  readonly calm: readonly string[];
}

/** Why a process is not ready, one line for each thing that has been away for too long. */
export const impatience = (holds: readonly Hold[], { graceMs, calm }: Patience, now: number): readonly string[] => {
  const long = holds.filter(({ who, sinceMs }) => now - sinceMs >= graceMs && !calm.includes(who));
  return [...Map.groupBy(long, ({ who }) => who)].map(([who, own]) => {
    const seconds = Math.round((now - Math.min(...own.map(({ sinceMs }) => sinceMs))) / 1_000);
    return `${who} has been away for ${seconds} s, and holds ${[...new Set(own.map(({ call }) => call))].join(", ")}`;
  });
};
