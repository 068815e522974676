/** What the parts of a round do alone, as a table for people. */
import { count, formatTable } from "../../engine/app/cli.ts";
import type { FloorRun } from "./floors/floor.ts";

/** One row a part. */
export const showFloors = (floors: readonly FloorRun[]): string => {
  const right = ["units", "calls", "units a call", "units/s", "ms a call"];
  const rows = floors.map(({ part, units, calls, unitsPerSecond, msACall }) => [
    part,
    ...[units, calls, Math.round(units / calls), unitsPerSecond].map(count),
    msACall.toFixed(3),
  ]);
  return formatTable(["parts alone, one call after the other", ...right], rows, { right });
};
