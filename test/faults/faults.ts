/** Every fault there is, by name. */
import { crashChain } from "./coupons/crash-chain.ts";
import type { Fault, FaultRun, Tried } from "./fault.ts";
import { payCrash } from "./payments/catalogue/crash.ts";
import { payDoorFaults } from "./payments/catalogue/door-faults.ts";
import type { PayFault } from "./payments/fault.ts";
import { payPlatformFaults } from "./payments/catalogue/platform-faults.ts";
import { payPoints } from "./payments/points.ts";
import { payProcessFaults } from "./payments/catalogue/process-faults.ts";
import { payServiceFaults } from "./payments/catalogue/service-faults.ts";
import { failPoints, pointsNamed } from "./coupons/points.ts";
import { processFaults } from "./coupons/process-faults.ts";
import { recordFaults } from "./coupons/record-faults.ts";
import { serviceFaults } from "./coupons/service-faults.ts";
import { wireFaults } from "./coupons/wire-faults.ts";

/** Rounds of one are an event at a time; rounds of 500 are what a hot coupon makes. */
const roundSizes = [1, 100, 500] as const;

const crash =
  (maxRound: number) =>
  async ({ scene, points, times, chance, say }: FaultRun): Promise<Tried> => {
    const chosen = pointsNamed(failPoints, points);
    const all = Array.from({ length: times }, () => chosen).flat();
    const { deaths, findings } = await crashChain(scene, all, { maxRound, chance, say });
    return {
      times: deaths.filter(({ missed }) => missed === undefined).length,
      missed: deaths.flatMap(({ point, missed }) => (missed === undefined ? [] : [`${point}: ${missed}`])),
      recoveriesMs: [],
      findings,
      deaths: deaths.map((death) => ({ ...death, maxRound })),
    };
  };

const crashFaults: readonly Fault[] = roundSizes.map((maxRound) => ({
  name: `crash-${maxRound}`,
  about: `A worker is killed with SIGKILL at each fail point, rounds of ${maxRound}; the next one takes over`,
  windows: [...new Set(failPoints.flatMap(({ windows }) => windows))].sort((a, b) => a - b),
  times: 1,
  brokers: 1,
  run: crash(maxRound),
}));

/** In the order in which they are tried; those that need three brokers come last. */
export const faults: readonly Fault[] = [
  ...crashFaults,
  ...processFaults,
  ...serviceFaults,
  ...wireFaults,
  ...recordFaults,
].toSorted((a, b) => a.brokers - b.brokers);

/** The faults of payments, in the order in which they are tried. */
export const payFaults: readonly PayFault[] = [
  payCrash,
  ...payProcessFaults,
  ...payServiceFaults,
  ...payPlatformFaults,
  ...payDoorFaults,
];

/** What was asked for by name: faults, or fail points, which are every fault that has them. */
export interface Choice {
  readonly faults: readonly Fault[];
  readonly payFaults: readonly PayFault[];
  readonly points: readonly string[];
  /** Names that nothing has. */
  readonly unknown: readonly string[];
}

/** Everything where no name is given. A name that ends in `*` means all that begin so. */
export const choose = (names: readonly string[]): Choice => {
  if (names.length === 0) return { faults, payFaults, points: [], unknown: [] };
  const fits = (name: string) => (pattern: string) =>
    pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
  const isNamed = ({ name }: { readonly name: string }): boolean => names.some(fits(name));
  const [own, ofPayments] = [failPoints.filter(isNamed), payPoints.filter(isNamed)];
  const all = [...faults, ...payFaults, ...failPoints, ...payPoints];
  return {
    faults: withCrashes(faults.filter(isNamed), own.length > 0 ? crashFaults : []),
    payFaults: withCrashes(payFaults.filter(isNamed), ofPayments.length > 0 ? [payCrash] : []),
    points: [...own, ...ofPayments].map(({ name }) => name),
    unknown: names.filter((name) => !all.some((one) => fits(one.name)(name))),
  };
};

/** The faults that have the points which were named come first, unless one of them was named itself. */
const withCrashes = <F>(named: readonly F[], crashes: readonly F[]): readonly F[] =>
  named.some((fault) => crashes.includes(fault)) ? named : [...crashes, ...named];
