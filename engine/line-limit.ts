/** One log line a second about each kind of thing that clients can cause by the thousand. */

/** What the next line of a kind says of those before it; undefined where it is not to be written yet. */
export type LineLimit = (kind: string) => { readonly unlogged?: number } | undefined;

const intervalMs = 1_000;

/** Counts what is left out, for the next line of its kind. Kinds are a closed set: each is remembered for good. */
export const createLineLimit = (nowMs: () => number): LineLimit => {
  const kinds = new Map<string, { readonly at: number; unlogged: number }>();
  return (kind) => {
    const now = nowMs();
    const last = kinds.get(kind);
    // Also where the clock was set back.
    if (last !== undefined && Math.abs(now - last.at) < intervalMs) {
      last.unlogged += 1;
      return undefined;
    }
    kinds.set(kind, { at: now, unlogged: 0 });
    return last === undefined || last.unlogged === 0 ? {} : { unlogged: last.unlogged };
  };
};
