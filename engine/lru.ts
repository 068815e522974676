/**
 * A map of bounded size that forgets what was used longest ago, by halves: what is used goes into the newer of two maps, and
 * when that is full it becomes the older one, whose entries are then forgotten unless they are used again. What is used all the
 * time costs one look and nothing else; a Map whose entries are taken out and put back, which keeps the exact order, costs four
 * times that (a get and a set: 28 to 56 ns, and 165 to 205; 2026-11-28). No package: this is less text than the reason for one.
 */

/** A map that forgets. */
export interface Lru<Key, Value> {
  /** The value, which has then been used. */
  readonly get: (key: Key) => Value | undefined;
  /** Keeps a value, which has then been used. */
  readonly set: (key: Key, value: Value) => void;
}

/**
 * Empty. Keeps `max` entries at most (one more where that is odd), 0 keeps none; never forgets the `max / 2` that were used
 * last. A value is not undefined.
 */
export const createLru = <Key, Value extends NonNullable<unknown>>(max: number): Lru<Key, Value> => {
  const half = Math.ceil(max / 2);
  let newer = new Map<Key, Value>();
  let older = new Map<Key, Value>();
  const set = (key: Key, value: Value): void => {
    if (half === 0) return;
    if (newer.size === half && !newer.has(key)) {
      older = newer;
      newer = new Map();
    }
    newer.set(key, value);
  };
  return {
    get: (key) => {
      const value = newer.get(key);
      if (value !== undefined) return value;
      const kept = older.get(key);
      if (kept !== undefined) set(key, kept);
      return kept;
    },
    set,
  };
};
