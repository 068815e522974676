/** What happened, line by line, for a person to follow. Costs next to nothing while it is not asked for. */
import { beginningAt } from "./environment/time.ts";

/** One thing that happened. */
export interface Happening {
  readonly at: number;
  /** A worker, or what is not one: `world`, `broker`. */
  readonly who: string;
  readonly what: string;
  /** Coupons or orders it was about; empty where it concerns everybody. */
  readonly about: readonly string[];
}

/** Takes lines down. */
export interface Trace {
  readonly add: (who: string, what: () => string, about?: readonly string[]) => void;
  readonly happenings: readonly Happening[];
}

/** A trace that keeps everything, or nothing. */
export const createTrace = (keeps: boolean, now: () => number): Trace => {
  const happenings: Happening[] = [];
  return {
    happenings,
    add: (who, what, about = []) => {
      if (keeps) happenings.push({ at: now(), who, what: what(), about });
    },
  };
};

/** A happening as a line: seconds, who, what. */
export const lineOf = ({ at, who, what }: Happening): string =>
  `${((at - beginningAt) / 1_000).toFixed(3).padStart(8)}  ${who.padEnd(7)} ${what}`;

/** The part of a trace that concerns some coupons or orders, and what concerns everybody. */
export const concerning = (happenings: readonly Happening[], names: readonly string[]): readonly Happening[] =>
  names.length === 0
    ? happenings
    : happenings.filter((one) => one.about.length === 0 || one.about.some((name) => names.includes(name)));
