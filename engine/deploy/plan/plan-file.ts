/** A saved plan: what was declared and what was observed, with a hash of itself, so that exactly that plan is applied or none. */
import { z } from "zod";
import { canonicalHash } from "../../flow/graph.ts";
import type { Desired } from "./desired.ts";
import { boundOf, type Live } from "./live.ts";
import type { Allowed } from "./plan.ts";

/** A plan file of this version is read; another one is refused. */
export const planFileVersion = 1;

/** A saved plan. */
export interface PlanFile {
  readonly desired: Desired;
  readonly allow: Allowed;
  /** What was observed, without group members. */
  readonly observed: Omit<Live, "members">;
}

/** A file is no plan of this version, or was edited. */
export class BadPlanFile extends Error {
  readonly code = "BAD_PLAN_FILE";
}

const envelope = z.object({
  kind: z.literal("sluice.plan"),
  version: z.int(),
  hash: z.string(),
  plan: z.object({
    desired: z.looseObject({ version: z.literal(1) }),
    allow: z.object({ newCluster: z.boolean().optional(), newGroup: z.boolean().optional() }),
    observed: z.looseObject({ clusterId: z.string(), deployment: z.int() }),
  }),
});

/** The file's text. */
export const writePlanFile = (desired: Desired, allow: Allowed, live: Live): string => {
  const plan: PlanFile = { desired, allow, observed: boundOf(live) };
  return `${JSON.stringify({ kind: "sluice.plan", version: planFileVersion, hash: canonicalHash(plan), plan }, null, 2)}\n`;
};

/** Reads a file's text. @throws BadPlanFile with what is wrong about it */
export const readPlanFile = (text: string): PlanFile => {
  const parsed = envelope.safeParse(jsonOf(text));
  if (!parsed.success) throw new BadPlanFile("it is no plan: write one with `sluice topology plan --out <file>`");
  const { version, hash, plan } = parsed.data;
  if (version !== planFileVersion) {
    throw new BadPlanFile(`it is a plan of version ${version}, this sluice reads version ${planFileVersion}`);
  }
  if (canonicalHash(plan) !== hash)
    throw new BadPlanFile("it was changed after it was written: its hash is another one");
  // The hash says that this is what writePlanFile wrote, whose types these are.
  return plan as unknown as PlanFile;
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
