/**
 * Comparisons of settings with each other, each by itself: one that meets a setting which is wrong or missing says nothing, and
 * hides no other, so that every mistake is named at once.
 */

/** Compares some settings; one sentence each, `NAME: what is expected`. `readFile` throws where a file can't be read. */
export type Comparison<Values> = (settings: Values, readFile: (path: string) => string) => readonly string[];

/** A comparison has asked for a setting that cannot be read. */
class NotComparable extends Error {}

/** What is known of settings: those that are right, and the names of the others. */
export interface KnownSettings {
  readonly values: Readonly<Record<string, unknown>>;
  readonly wrong: ReadonlySet<string>;
}

/** Runs the comparisons that the known settings allow. */
export const compared = <Values extends object>(
  { values, wrong }: KnownSettings,
  comparisons: readonly Comparison<Values>[],
  readFile: (path: string) => string,
): readonly string[] => {
  // Erasure: every name that is not among the values is wrong, and is refused when it is asked for.
  const known = new Proxy(values, {
    get: (target, name) => {
      if (typeof name === "string" && wrong.has(name)) throw new NotComparable(name);
      return Reflect.get(target, name);
    },
  }) as Values;
  return comparisons.flatMap((compare) => {
    try {
      return compare(known, readFile);
    } catch (error) {
      if (error instanceof NotComparable) return [];
      throw error;
    }
  });
};
