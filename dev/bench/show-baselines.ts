/** The other designs for one hot coupon, as a table for people. */
import { count, formatTable } from "../../engine/app/cli.ts";
import type { DesignRun } from "./coupons/measure-baselines.ts";

/** One row a design; the ratio is to the first. */
export const showBaselines = (runs: readonly DesignRun[]): string => {
  const right = ["issued", "time", "issued/s", "to the first"];
  const first = runs[0]?.issuedPerSecond ?? Number.NaN;
  const rows = runs.map(({ design, issued, records, seconds, issuedPerSecond }) => [
    design,
    `${count(issued)} of ${count(records)}`,
    `${seconds.toFixed(2)} s`,
    count(issuedPerSecond),
    `${(issuedPerSecond / first).toFixed(1)}x`,
  ]);
  return formatTable(["other designs", ...right], rows, { right });
};
