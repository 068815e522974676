/** What happened, line by line, for a person to follow. Costs next to nothing while nobody asks for it. */
import { beginningAt } from "./time.ts";

/** One thing that happened. */
export interface Happening {
  readonly at: number;
  /** A worker, or what is not one: `world`, `broker`. */
  readonly who: string;
  readonly what: string;
  /** Coupons it was about; empty where it concerns everybody. */
  readonly coupons: readonly string[];
}

/** Takes lines down. */
export interface Trace {
  readonly add: (who: string, what: () => string, coupons?: readonly string[]) => void;
  readonly happenings: readonly Happening[];
}

/** A trace that keeps everything, or nothing. */
export const createTrace = (keeps: boolean, now: () => number): Trace => {
  const happenings: Happening[] = [];
  return {
    happenings,
    add: (who, what, coupons = []) => {
      if (keeps) happenings.push({ at: now(), who, what: what(), coupons });
    },
  };
};

/** A happening as a line: seconds, who, what. */
export const lineOf = ({ at, who, what }: Happening): string =>
  `${((at - beginningAt) / 1_000).toFixed(3).padStart(8)}  ${who.padEnd(7)} ${what}`;

/** The part of a trace that concerns some coupons, and what concerns everybody. */
export const concerning = (happenings: readonly Happening[], coupons: readonly string[]): readonly Happening[] =>
  coupons.length === 0
    ? happenings
    : happenings.filter((one) => one.coupons.length === 0 || one.coupons.some((name) => coupons.includes(name)));
