/** Chance from a seed, so that a run can be had again: xorshift32, plenty for choosing moments. */

/** Numbers from 0 up to 1. */
export type Chance = () => number;

/** The same seed gives the same numbers. `seed` is a whole number. */
export const chanceOf = (seed: number): Chance => {
  // Zero would stay zero for ever.
  let state = (seed ^ 0x9e3779b9) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
};

/** A whole number from `min` to `max`. */
export const wholeFrom = (chance: Chance, min: number, max: number): number =>
  min + Math.floor(chance() * (max - min + 1));
