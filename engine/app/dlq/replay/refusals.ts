/** What speaks against a replay: each reason with what to do about it. Pure. */
import type { SavedReplay } from "../../../dlq/plan/plan-file.ts";
import type { ReplayPlan } from "../../../dlq/plan/plan.ts";
import { retryTopic } from "../../../worker/round/retry-record.ts";
import { CliError, exitCodes } from "../../cli.ts";

/** Why nothing is sent, and what to do. */
export interface ReplayRefusal {
  readonly code: string;
  readonly text: string;
  readonly fix: string;
}

/** What runs of a topology now, and what is deployed. */
export interface LiveState {
  readonly clusterId: string;
  readonly deployed: string | null;
  readonly readers: number;
  /** First digits of the graphs that members run, where they say. */
  readonly running: readonly string[];
}

/** Without waiting, no worker has to read the retry topic now. */
export const refusalsOf = (plan: ReplayPlan, live: LiveState, hasTopic: boolean): readonly ReplayRefusal[] => {
  const { topology, limits } = plan;
  const refusals: ReplayRefusal[] = [];
  if (!hasTopic) {
    const fix = "Next: sluice topology apply";
    refusals.push({ code: "RETRY_TOPIC_MISSING", text: `there is no topic ${retryTopic(topology)}`, fix });
  }
  if (plan.counts.ready === 0) {
    const fix = `Next: sluice dlq groups --topology ${topology}`;
    refusals.push({ code: "NOTHING_READY", text: "no letter that is meant is ready to be replayed", fix });
  }
  if (limits.wait && live.readers === 0) {
    const fix = `Next: sluice worker --topology ${topology}, in another terminal; or --no-wait, to send all the same`;
    refusals.push({ code: "NO_READER", text: "no worker reads the retry topic", fix });
  } else if (live.deployed !== null && live.running.length > 0 && !live.running.includes(live.deployed.slice(0, 8))) {
    const text = `the deployed graph is ${live.deployed.slice(0, 8)}, and workers run ${[...new Set(live.running)].join(", ")}`;
    refusals.push({ code: "GRAPH_NOT_RUNNING", text, fix: "Next: sluice topology status" });
  }
  return refusals;
};

/** A saved plan is carried out as it is, or not at all. @throws CliError with exit code 4 or 5 */
export const refuseMoved = (
  saved: SavedReplay,
  {
    plan,
    clusterId,
    deployed,
  }: Pick<LiveState, "clusterId" | "deployed"> & { readonly plan: Pick<ReplayPlan, "counts"> },
): void => {
  if (saved.clusterId !== clusterId)
    throw new CliError(`the plan is of cluster ${saved.clusterId}, this one is ${clusterId}`, {
      code: "OTHER_CLUSTER",
      exitCode: exitCodes.refused,
      fix: `Next: sluice dlq plan --topology ${saved.topology}`,
    });
  const moved = [
    ...(saved.deployed === deployed ? [] : ["another graph was deployed"]),
    ...(plan.counts.ready === saved.document.count
      ? []
      : [`${saved.document.count - plan.counts.ready} of its letters are not ready any more`]),
  ];
  if (moved.length === 0) return;
  throw new CliError(`the plan is out of date, nothing was sent: ${moved.join("; ")}`, {
    code: "PLAN_OUT_OF_DATE",
    exitCode: exitCodes.conflict,
    fix: `Next: sluice dlq plan --topology ${saved.topology}`,
  });
};
