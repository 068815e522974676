/**
 * A map of bounded size that forgets what was used longest ago. A Map keeps the order of insertion, so taking an entry out
 * and putting it back is all there is to it: no package, as this is less text than the reason for one.
 */

/** A map that forgets. */
export interface Lru<Key, Value> {
  /** The value, which is then the one used last. */
  readonly get: (key: Key) => Value | undefined;
  /** Keeps a value, as the one used last. */
  readonly set: (key: Key, value: Value) => void;
}

/** Empty; keeps `max` entries at most, 0 keeps none. A value is not undefined. */
export const createLru = <Key, Value extends NonNullable<unknown>>(max: number): Lru<Key, Value> => {
  const kept = new Map<Key, Value>();
  const set = (key: Key, value: Value): void => {
    kept.delete(key);
    kept.set(key, value);
    if (kept.size <= max) return;
    const oldest = kept.keys().next();
    if (!oldest.done) kept.delete(oldest.value);
  };
  return {
    get: (key) => {
      const value = kept.get(key);
      if (value !== undefined) set(key, value);
      return value;
    },
    set,
  };
};
