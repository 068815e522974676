/** The plan of a replay as lines for people, at most 100 columns, and as JSON. Pure. */
import { type ReplayPlan, sendingMs, type Fitness, fitnesses } from "../../../dlq/plan/plan.ts";
import { retryTopic } from "../../../worker/round/retry-record.ts";
import { idText } from "../../../dlq/letters/letter.ts";
import { count, jsonDocument } from "../../cli.ts";
import { wrapped } from "./wrap.ts";
import type { PlannedReplay } from "./planning.ts";
import { tookText } from "../words.ts";

/** What each fitness says, and what changes it. */
const words = (
  { limits, selection: _ }: ReplayPlan,
  isTransformed: boolean,
): Readonly<Record<Fitness, readonly [string, string]>> => ({
  ready: ["ready", ""],
  "over-cap": [`over the cap of ${limits.maxAttempts} attempts`, "--max-attempts raises it"],
  unreadable: isTransformed
    ? ["not made readable by the transform", ""]
    : ["unreadable by the present schema", "sluice dlq show <id> says why; or --transform"],
  wrong: ["wrong: a check of its topic refuses it again", "sluice dlq show <id>; discard, or --transform"],
  "too-large": ["too large: its topic's records are smaller", "sluice dlq discard"],
  busy: ["pending: replayed, and not decided yet", ""],
  "no-bytes": ["without their bytes, which are gone", "sluice dlq discard"],
  damaged: ["without headers that say where they came from", "sluice dlq show <id>"],
  elsewhere: ["from a topic or partition that it does not read", ""],
  settled: ["resolved, discarded, or failed again later", ""],
});

const wordColumns = 46;

/** The whole plan, without the next command. */
export const planLines = ({ plan, readers, advice }: PlannedReplay, isTransformed: boolean): readonly string[] => {
  const { counts, limits, topology } = plan;
  const total = fitnesses.reduce((sum, fitness) => sum + counts[fitness], 0);
  const texts = words(plan, isTransformed);
  const rows = fitnesses
    .filter((fitness) => counts[fitness] > 0 || fitness === "ready")
    .map((fitness) => {
      const [text, fix] = texts[fitness];
      return `${count(counts[fitness]).padStart(7)}  ${fix === "" ? text : `${text.padEnd(wordColumns)} ${fix}`}`;
    });
  const decided = ["They are decided when they are replayed, for ever", ...advice].join("; ");
  const canary = limits.canary > 0 ? ` after a canary of ${Math.min(limits.canary, counts.ready)}` : "";
  const speed = `At ${limits.rate}/s: ${tookText(sendingMs(counts.ready, limits))}${canary}.`;
  const reading = `${readers} worker(s) read the retry topic.`;
  return [
    `${count(total)} letters, up to now, to ${retryTopic(topology)}`,
    ...rows,
    ...(counts.ready === 0 ? [] : wrapped(`${decided}. ${reading} ${speed}`, 100)),
  ];
};

/** The plan for programs: a fitness for each letter. */
export const planDocument = (kind: string, planned: PlannedReplay, next: readonly string[]) => {
  const { plan, refusals, advice, warnings, readers, clusterId, deployed } = planned;
  const { counts, limits, selection, topology, ready, examples } = plan;
  return jsonDocument(
    kind,
    {
      topology,
      clusterId,
      deployed,
      selection,
      limits,
      counts,
      readers,
      advice,
      ready: ready.map(({ letter }) => idText(letter.origin)),
      examples: Object.fromEntries(
        Object.entries(examples).map(([fitness, letters]) => [fitness, letters.map(({ origin }) => idText(origin))]),
      ),
      sendingMs: sendingMs(counts.ready, limits),
    },
    {
      status: refusals.length === 0 ? "ok" : "failed",
      warnings,
      errors: refusals.map(({ code, text, fix }) => ({ code, message: text, fix })),
      next,
    },
  );
};
