/** The hot coupon beside a table of user coupons that is empty, and beside ones that are large: what rows cost those that come after. */
import { note } from "../../../engine/app/cli.ts";
import { hot } from "../scenarios.ts";
import type { Stage } from "../stage.ts";
import { type DrainRun, drain } from "./drain.ts";
import { emptyTable, fillTable, millionRows, usualMillions } from "./filler.ts";

/** A run beside so many rows. */
export interface TableRun extends DrainRun {
  readonly rows: number;
}

/** Rows that are there before a run, million. */
const tableMillions = [0, 1, 3, 10];

/** Runs it beside each; the table is as it was afterwards, but for what others left in it. @throws Unavailable, and what `drain` throws */
export const measureTables = async (
  stage: Stage,
  prefix: string,
  { requests, signal }: { readonly requests: number; readonly signal: AbortSignal },
): Promise<readonly TableRun[]> => {
  const { databaseUrl } = stage.config;
  const runs: TableRun[] = [];
  await emptyTable(databaseUrl);
  try {
    for (const millions of tableMillions) {
      if (millions > 0) note(`tables: filling it up to ${millions} million rows`);
      await fillTable(databaseUrl, millions, signal);
      note(`tables: ${requests} requests, one hot coupon, beside ${millions} million rows`);
      const run = await drain(stage, hot(`${prefix}-beside${millions}`, requests), { signal });
      runs.push({ rows: millions * millionRows, ...run });
    }
    return runs;
  } finally {
    await emptyTable(databaseUrl);
    await fillTable(databaseUrl, usualMillions);
  }
};
