/** What is held up because something is away: since when, by what, and whether that makes the process unready. */
import { codeOf, Unavailable } from "../../errors.ts";
import type { Clock } from "../../clock.ts";
import { heldCode, type Unready } from "../../readiness.ts";

/** One hold. */
export interface Hold {
  /** The call that waits, and how many of its name and place do. */
  readonly call: string;
  readonly calls: number;
  /** The dependency that is away; undefined where it waits for something else, which its code tells. */
  readonly who: string | undefined;
  readonly code: string;
  /** What the latest attempt failed with, in words, on one line. */
  readonly message: string;
  /** Epoch ms. */
  readonly sinceMs: number;
  /** When it began to fail with this very code, epoch ms: what was away may come back and refuse. */
  readonly codeSinceMs: number;
}

/** The holds of a worker. */
export interface Holds {
  /**
   * A call holds: for the first time where `failures` is 1. Calls of one name and place, as of a step that runs lane by
   * lane, are one hold, which keeps the time of its beginning; answers whether this one began it.
   */
  readonly keep: (where: string, call: string, what: { readonly error: unknown; readonly failures: number }) => boolean;
  /** A call that held has ended; answers whether that was the last of its hold. */
  readonly end: (where: string, call: string) => boolean;
  readonly list: () => readonly Hold[];
}

/** No holds. */
export const createHolds = ({ now }: Pick<Clock, "now">): Holds => {
  const holds = new Map<string, Hold>();
  const nameOf = (where: string, call: string): string => `${where} ${call}`;
  return {
    keep: (where, call, { error, failures }) => {
      const known = holds.get(nameOf(where, call));
      const { calls = 0, sinceMs = now() } = known ?? {};
      const hold = holdOn(call, error);
      holds.set(nameOf(where, call), {
        ...hold,
        calls: failures === 1 ? calls + 1 : calls,
        sinceMs,
        codeSinceMs: known?.code === hold.code ? known.codeSinceMs : now(),
      });
      return calls === 0;
    },
    end: (where, call) => {
      const hold = holds.get(nameOf(where, call));
      if (hold === undefined) return false;
      if (hold.calls > 1) holds.set(nameOf(where, call), { ...hold, calls: hold.calls - 1 });
      else holds.delete(nameOf(where, call));
      return hold.calls <= 1;
    },
    list: () => [...holds.values()],
  };
};

/** What a call that failed so waits for; one call. */
export const holdOn = (call: string, error: unknown): Omit<Hold, "sinceMs" | "codeSinceMs"> => ({
  call,
  calls: 1,
  who: error instanceof Unavailable ? error.who : undefined,
  code: codeOf(error),
  message: messageOf(error),
});

/** Longer texts are for the log. */
const messageMaxLength = 1_000;
const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, " ").slice(0, messageMaxLength);

/** When holds make a process unready. */
export interface ReadinessPolicy {
  /** A hold that has lasted this long, ms. */
  readonly graceMs: number;
  /** Dependencies whose absence is no reason to be unready, however long it lasts. */
  readonly optionalDependencies: readonly string[];
}

/** Why a process is not ready, one reason for each thing that has held it up for too long. */
export const unreadyReasons = (
  holds: readonly Hold[],
  { graceMs, optionalDependencies }: ReadinessPolicy,
  now: number,
): readonly Unready[] => {
  const long = holds.filter(
    ({ who, sinceMs }) => now - sinceMs >= graceMs && (who === undefined || !optionalDependencies.includes(who)),
  );
  const causeOf = ({ who, code }: Hold): string => (who === undefined ? `${code} has lasted` : `${who} has been away`);
  return [...Map.groupBy(long, causeOf)].map(([cause, own]) => {
    const [first] = own;
    const seconds = Math.round((now - Math.min(...own.map(({ sinceMs }) => sinceMs))) / 1_000);
    const waiting = own.reduce((sum, { calls }) => sum + calls, 0);
    const calls = [...new Set(own.map(({ call }) => call))].join(", ");
    return {
      code: first?.who === undefined ? heldCode(first?.code ?? "HELD") : "DEPENDENCY_AWAY",
      why: `${cause} for ${seconds} s, and holds ${waiting} call(s): ${calls} (${first?.message})`,
    };
  });
};
