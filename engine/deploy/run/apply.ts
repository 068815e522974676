/** Carries a plan out: under the lock, in order, written down before and after. Cut off anywhere, the next apply goes on. */
import { type ApplyLock, ApplyLockLost, type Operation } from "../deployments.ts";
import type { Action, Plan } from "../plan/change.ts";
import type { Desired } from "../plan/desired.ts";
import { boundOf, movedSince } from "../plan/live.ts";
import { type Allowed, isRolling } from "../plan/plan.ts";
import type { PlanFile } from "../plan/plan-file.ts";
import { stepsOf } from "../plan/steps.ts";
import { makePlan, type Planned } from "./observe.ts";
import type { DeployPorts } from "./ports.ts";

/** Where an apply is: for progress, and for tests that end it there. */
export interface StepPoint {
  readonly step: Action;
  readonly phase: "before" | "after";
  /** From 1. */
  readonly number: number;
  readonly count: number;
}

/** What is to be applied, and by whom. */
export interface ApplyRequest {
  readonly desired: Desired;
  readonly allow: Allowed;
  /** What was observed when the plan was saved: where it is another now, nothing is done. */
  readonly observed?: PlanFile["observed"];
  /** Shown the plan before anything is done; false ends it there. Not asked where there is nothing to do. */
  readonly confirm: (planned: Planned) => Promise<boolean>;
  readonly actor: string;
  readonly host: string;
  readonly verb: string;
  readonly reason: string | null;
  /** How long to wait for another apply to end, ms. */
  readonly lockWaitMs: number;
  readonly onStep?: (point: StepPoint) => void;
  /** Ends between two steps. */
  readonly signal?: AbortSignal;
}

/** How an apply ended. Only `applied`, `partial` and `interrupted` have changed anything. */
export type ApplyOutcome =
  /** `deployment` is null where none is recorded. */
  | {
      readonly kind: "applied";
      readonly planned: Planned;
      readonly deployment: number | null;
      readonly operation: number;
    }
  | { readonly kind: "unchanged"; readonly planned: Planned }
  | { readonly kind: "refused"; readonly planned: Planned }
  | { readonly kind: "declined"; readonly planned: Planned }
  /** `by`: the newest operation that has not ended. */
  | { readonly kind: "busy"; readonly by: Operation | undefined }
  /** The paths of what was observed that are others now. */
  | { readonly kind: "moved"; readonly paths: readonly string[] }
  | { readonly kind: "partial"; readonly left: readonly Action[]; readonly error: unknown; readonly operation?: number }
  | { readonly kind: "interrupted"; readonly left: readonly Action[]; readonly operation?: number };

/** Plans and applies. @throws Unavailable @throws RegistryUnavailable where the plan could not be made */
export const applyDesired = async (ports: DeployPorts, request: ApplyRequest): Promise<ApplyOutcome> => {
  const done = await ports.deployments.locked(request.lockWaitMs, (lock) => applyLocked(ports, request, lock));
  if (done !== undefined) return done.value;
  const [newest] = await ports.deployments.operations(1);
  return { kind: "busy", by: newest?.endedAt === null ? newest : undefined };
};

const applyLocked = async (ports: DeployPorts, request: ApplyRequest, lock: ApplyLock): Promise<ApplyOutcome> => {
  const planned = await makePlan(ports, request.desired, request.allow);
  if (request.observed !== undefined) {
    const paths = movedSince(request.observed, boundOf(planned.live));
    if (paths.length > 0) return { kind: "moved", paths };
  }
  if (planned.plan.refusals.length > 0) return { kind: "refused", planned };
  if (planned.plan.changes.length === 0) {
    // Which tables are missing is known only where that is recorded.
    if (!planned.plan.recorded) await ports.deployments.migrate();
    return { kind: "unchanged", planned };
  }
  if (!(await request.confirm(planned))) return { kind: "declined", planned };
  return carryOut({ ports, request, lock, planned });
};

interface Carrying {
  readonly ports: DeployPorts;
  readonly request: ApplyRequest;
  readonly lock: ApplyLock;
  readonly planned: Planned;
}

const carryOut = async (carrying: Carrying): Promise<ApplyOutcome> => {
  const { lock, request, planned } = carrying;
  const steps = stepsOf(planned.plan);
  let operation: number | undefined;
  let deployment: number | null = null;
  let done = 0;
  const about = () => (operation === undefined ? {} : { operation });
  try {
    for (const [at, step] of steps.entries()) {
      if (request.signal?.aborted === true) {
        if (operation !== undefined) await lock.end(operation, "INTERRUPTED");
        return { kind: "interrupted", left: steps.slice(at), ...about() };
      }
      // The table it is written into is made by the migrations, which have a log of their own.
      if (step.does !== "migrate") operation ??= await lock.begin(operationOf(request, planned.plan));
      const point = { step, number: at + 1, count: steps.length };
      request.onStep?.({ ...point, phase: "before" });
      await lock.confirm();
      deployment = await carryOutStep(carrying, step);
      done = at + 1;
      request.onStep?.({ ...point, phase: "after" });
    }
    if (operation === undefined) throw new RangeError("a plan was carried out without an operation");
    await lock.end(operation, "applied");
    return { kind: "applied", planned, deployment, operation };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "UNEXPECTED";
    if (operation !== undefined && !(error instanceof ApplyLockLost)) await lock.end(operation, code).catch(() => {});
    return { kind: "partial", left: steps.slice(done), error, ...about() };
  }
};

const operationOf = ({ actor, host, verb, reason, desired }: ApplyRequest, { changes }: Plan) => ({
  actor,
  host,
  verb,
  reason,
  document: { changes: changes.map(({ kind, area, name, text }) => ({ kind, area, name, text })), desired },
});

/** Answers the deployment's number where that was the step, and null otherwise. */
const carryOutStep = async ({ ports, request, lock, planned }: Carrying, step: Action): Promise<number | null> => {
  const { cluster, registry, deployments } = ports;
  const { desired, applied, live } = planned;
  switch (step.does) {
    case "migrate":
      await deployments.migrate();
      return null;
    case "createTopic":
      await cluster.ensureTopics([{ name: step.topic, partitions: step.partitions, config: step.settings }]);
      return null;
    case "addPartitions":
      await cluster.addPartitions(step.topic, step.partitions);
      return null;
    case "registerSubject": {
      const declared = desired.subjects[step.subject];
      if (declared === undefined) throw new RangeError(`subject ${step.subject} is not declared`);
      await registry.register(step.subject, declared.avro);
      return null;
    }
    case "alterSettings":
      await cluster.alterSettings(step.topic, step);
      return null;
    case "recordDeployment":
      return lock.record({
        clusterId: live.clusterId,
        document: desired,
        besides: besidesOf(desired, applied?.document),
        actor: request.actor,
      });
  }
};

/** While old and new workers may run side by side, the graph before stays accepted. */
const besidesOf = (desired: Desired, before: Desired | undefined): Readonly<Record<string, string | null>> =>
  Object.fromEntries(
    Object.entries(desired.topologies).map(([name, declared]) => {
      const last = before?.topologies[name];
      const rolling = last !== undefined && last.hash !== declared.hash && isRolling(last, declared);
      return [name, rolling ? last.hash : null];
    }),
  );
