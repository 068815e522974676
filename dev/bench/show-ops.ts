/** What was measured of the operators' commands, as tables for people. */
import { count, formatTable } from "../../engine/app/cli.ts";
import type { OpsRun } from "./report.ts";

/** Two tables: the commands, and live records beside a replay. */
export const showOps = ({ letters, commands, besideReplay }: OpsRun): string => {
  const right = ["median", "least", "most", "asked", "peak", "floor"];
  const rows = commands.map((run) => [
    run.command,
    ...[run.tookMs, run.leastMs, run.mostMs, run.limitMs].map((ms) => `${count(ms)} ms`),
    run.peakMb === undefined ? "" : `${run.peakMb} MB${run.limitMb === undefined ? "" : ` of ${run.limitMb}`}`,
    `${count(run.floorMs)} ms, ${run.floor}`,
  ]);
  const { with: beside, without, replayed, ratio } = besideReplay;
  const turns = beside.map((_, at) => `run ${at + 1}`);
  const live = [
    ["live records without a replay", ...without.map(rateOf)],
    ["live records with one", ...beside.map(rateOf)],
    ["letters replayed meanwhile", ...replayed.map(count)],
  ];
  return [
    formatTable([`over ${count(letters)} letters`, ...right], rows, { right }),
    formatTable(["", ...turns], live, { right: turns }),
    `median with by median without: ${ratio}`,
  ].join("\n");
};

const rateOf = ({ issuedPerSecond }: { readonly issuedPerSecond: number }): string => `${count(issuedPerSecond)}/s`;
