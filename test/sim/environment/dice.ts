/** Seeded randomness: the only source of chance in a simulation, so that a seed is a whole story. */

/** Draws from one seeded sequence. */
export interface Dice {
  /** In [0, 1). */
  readonly next: () => number;
  /** True with this probability, 0 to 1. */
  readonly chance: (probability: number) => boolean;
  /** A whole number from `from` up to and including `to`. */
  readonly between: (from: number, to: number) => number;
  /** One of these; at least one must be given. */
  readonly pick: <T>(among: readonly [T, ...T[]]) => T;
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, good enough to choose faults by. */
export const createDice = (seed: number): Dice => {
  // Spread, because neighbouring seeds would otherwise begin alike.
  let state = Math.imul(seed ^ (seed >>> 16), 0x45d9f3b) ^ 0x9e3779b9;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    chance: (probability) => next() < probability,
    between,
    pick: (among) => among[between(0, among.length - 1)] ?? among[0],
  };
};
