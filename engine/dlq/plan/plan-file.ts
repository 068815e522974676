/** A saved plan of a replay: which letters exactly, with a hash of itself. Another version or an edited one is refused. */
import { z } from "zod";
import { canonicalHash } from "../../flow/graph.ts";
import type { JobDocument } from "../jobs/job.ts";
import { letterStates } from "../letters/state.ts";

/** A plan file of this version is read; another one is refused. */
export const replayPlanVersion = 1;

/** A saved plan. */
export interface SavedReplay {
  readonly topology: string;
  readonly clusterId: string;
  /** The hash of the graph that was deployed; null where deployments are not recorded. */
  readonly deployed: string | null;
  readonly document: JobDocument;
}

/** A file is no plan of a replay of this version, or was edited. */
export class BadReplayPlan extends Error {
  readonly code = "BAD_PLAN_FILE";
}

const count = z.int().min(0);
const offsets = z.array(z.string().regex(/^\d{1,19}$/));
const limits = z.strictObject({
  rate: z.number().positive(),
  canary: count,
  abortAtPercent: z.number().min(0).max(100),
  maxLag: count,
  maxAttempts: count,
  wait: z.boolean(),
});
const selection = z.strictObject({
  ids: z.array(z.string()).optional(),
  fingerprint: z.string().optional(),
  code: z.string().optional(),
  node: z.string().optional(),
  kind: z.string().optional(),
  key: z.string().optional(),
  since: z.number().optional(),
  until: z.number().optional(),
  states: z.array(z.enum(letterStates)).optional(),
  attempt: z.union([z.strictObject({ below: count }), z.strictObject({ is: count })]).optional(),
  limit: count.optional(),
});
const envelope = z.object({
  kind: z.literal("sluice.replay-plan"),
  version: z.int(),
  hash: z.string(),
  plan: z.strictObject({
    topology: z.string(),
    clusterId: z.string(),
    deployed: z.string().nullable(),
    document: z.strictObject({
      version: z.literal(1),
      selection,
      letters: z.record(z.string().regex(/^\d{1,6}$/), z.string().regex(/^\d+(-\d+)?(,\d+(-\d+)?)*$/)),
      count,
      letterEnds: offsets,
      retryEnds: offsets,
      limits,
      transform: z.string().optional(),
    }),
  }),
});

/** The file's text. */
export const writeReplayPlan = (plan: SavedReplay): string =>
  `${JSON.stringify({ kind: "sluice.replay-plan", version: replayPlanVersion, hash: canonicalHash(plan), plan }, null, 2)}\n`;

/** Reads a file's text. @throws BadReplayPlan with what is wrong about it */
export const readReplayPlan = (text: string): SavedReplay => {
  const parsed = envelope.safeParse(jsonOf(text));
  if (!parsed.success) {
    const version = versionIn(jsonOf(text));
    if (version !== undefined && version !== replayPlanVersion) throw otherVersion(version);
    throw new BadReplayPlan("it is no plan of a replay: write one with `sluice dlq plan --out <file>`");
  }
  const { version, hash, plan } = parsed.data;
  if (version !== replayPlanVersion) throw otherVersion(version);
  if (canonicalHash(plan) !== hash)
    throw new BadReplayPlan("it was changed after it was written: its hash is another one");
  // The hash says that this is what writeReplayPlan wrote, whose types these are.
  return plan as unknown as SavedReplay;
};

const otherVersion = (version: number): BadReplayPlan =>
  new BadReplayPlan(`it is a plan of version ${version}, this sluice reads version ${replayPlanVersion}`);

const versionIn = (json: unknown): number | undefined => {
  const parsed = z.object({ kind: z.literal("sluice.replay-plan"), version: z.int() }).safeParse(json);
  return parsed.success ? parsed.data.version : undefined;
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
