/** How long recovery takes, fault by fault, as a chart of kept results. Pure. */
import { drawBarChart } from "../../dev/charts/bar-chart.ts";

/** What is drawn of a fault's last result. */
export interface Recovered {
  readonly fault: string;
  readonly recoveriesMs: readonly number[];
}

/** What is promised of a fault. */
export interface Promised {
  readonly name: string;
  readonly recoverWithinMs?: number;
}

/** The longest recovery of each fault that has one, in the order of the faults, with what is promised. */
export const recoveryPicture = (faults: readonly Promised[], results: readonly Recovered[]): string => {
  const byName = new Map(results.map((one) => [one.fault, one.recoveriesMs]));
  const bars = faults.flatMap(({ name, recoverWithinMs }) => {
    const all = byName.get(name) ?? [];
    if (all.length === 0) return [];
    const value = Math.round(Math.max(...all) / 100) / 10;
    return [{ name, value, ...(recoverWithinMs === undefined ? {} : { limit: recoverWithinMs / 1_000 }) }];
  });
  return drawBarChart({
    title: "Longest recovery, by fault",
    note: "seconds from a death or a return to the next verdict of every partition; the mark is what is promised",
    unit: " s",
    bars,
  });
};
