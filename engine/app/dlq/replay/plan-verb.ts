/** `sluice dlq plan`: what replaying would do with each letter; changes nothing. */
import type { JobDocument, ReplayLimits } from "../../../dlq/jobs/job.ts";
import { writeReplayPlan } from "../../../dlq/plan/plan-file.ts";
import { commandsOf, exitCodes, nextText, note, print, printJson } from "../../cli.ts";
import type { EngineConfig } from "../../config/engine-config.ts";
import { type App, topologyNamed } from "../../define-app.ts";
import { writeOut } from "../../out-file.ts";
import { loadConfig } from "../../process/process.ts";
import { replaysToChange, withDlq } from "../open.ts";
import { type PlannedReplay, planOf } from "./planning.ts";
import { selectionOf, type SelectOptions } from "../selection.ts";
import { nextReplay } from "./next-replay.ts";
import { planDocument, planLines } from "./show-plan.ts";
import { shellWord } from "../words.ts";
import { loadTransform } from "./transform.ts";

/** Options of a verb that plans a replay. */
export interface PlanOptions extends SelectOptions {
  readonly topology: string;
  readonly rate: number;
  readonly canary: number;
  readonly abortAt: number;
  readonly maxLag: number;
  readonly maxAttempts: number;
  /** False after `--no-wait`. */
  readonly wait: boolean;
  readonly transform?: string;
  readonly json?: boolean;
}

/** The limits of a replay, from options. */
export const limitsOf = ({ rate, canary, abortAt, maxLag, maxAttempts, wait }: PlanOptions): ReplayLimits => ({
  rate,
  canary,
  abortAtPercent: abortAt,
  maxLag,
  maxAttempts,
  wait,
});

/** Plans and shows. Exit code 4 where nothing could be replayed. */
export const planVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  ids: readonly string[],
  options: PlanOptions & { readonly out?: string },
): Promise<void> => {
  const { topology, out, transform: text } = options;
  const selection = selectionOf(ids, options, { states: ["open", "pending"], now: Date.now() });
  const config = await loadConfig(app);
  const planned = await withDlq(app, config, async (open) => {
    const transform = text === undefined ? undefined : await loadTransform(text, config, topologyNamed(app, topology));
    return planOf(open, replaysToChange(open), { topology, selection, limits: limitsOf(options), transform });
  });
  const { clusterId, deployed } = planned;
  if (out !== undefined)
    await writeOut(out, ({ write }) =>
      write(writeReplayPlan({ topology, clusterId, deployed, document: documentOf(planned, text) })),
    );
  const next = nextAfterPlan(planned, ids, options);
  if (planned.refusals.length > 0) process.exitCode = exitCodes.refused;
  if (options.json) return printJson(planDocument("dlq.plan", planned, next));
  for (const warning of planned.warnings) note(warning);
  for (const line of planLines(planned, text !== undefined)) print(line);
  for (const { text: why } of planned.refusals) print(`REFUSED: ${why}`);
  print(`Nothing was changed. ${nextText(next, "\nNext: ")}`);
};

/** What a job of a plan is started with. */
export const documentOf = ({ plan }: PlannedReplay, transform: string | undefined): JobDocument => ({
  version: 1,
  selection: plan.selection,
  letters: plan.letters,
  count: plan.counts.ready,
  letterEnds: plan.letterEnds,
  retryEnds: plan.retryEnds,
  limits: plan.limits,
  ...(transform === undefined ? {} : { transform }),
});

const nextAfterPlan = (
  { refusals }: PlannedReplay,
  ids: readonly string[],
  options: PlanOptions & { readonly out?: string },
): readonly string[] => {
  if (refusals.length > 0) return refusals.flatMap(({ fix }) => commandsOf(fix));
  const { topology, out } = options;
  if (out !== undefined) return [`sluice dlq replay ${shellWord(out)} --topology ${topology} --reason "..."`];
  return [nextReplay(ids, options)];
};
