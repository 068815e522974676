/** The verbs of `sluice topology` that deploy: what they do and print. Their options are in commands/topology.ts. */
import { readFile } from "node:fs/promises";
import type { Desired } from "../../deploy/plan/desired.ts";
import { BadPlanFile, type PlanFile, readPlanFile, writePlanFile } from "../../deploy/plan/plan-file.ts";
import type { Allowed } from "../../deploy/plan/plan.ts";
import { stepText } from "../../deploy/plan/steps.ts";
import { type ApplyOutcome, applyDesired } from "../../deploy/run/apply.ts";
import { makePlan, type Planned } from "../../deploy/run/observe.ts";
import type { DeployPorts } from "../../deploy/run/ports.ts";
import {
  CliError,
  environment,
  exitCodes,
  interruptible,
  jsonDocument,
  nextText,
  note,
  print,
  printJson,
} from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import { writeOut } from "../out-file.ts";
import { loadConfig } from "../process/process.ts";
import { isConfirmed, terminal } from "./confirm.ts";
import { actorOf, desiredOfApp, hostOf, withDeployPorts } from "./open.ts";
import { outcomeError } from "./outcome.ts";
import { type Losses, nextAfterPlan, notRecorded, planLines } from "./show-plan.ts";

/** Options of a verb that plans. */
export interface PlanOptions {
  readonly out?: string;
  readonly exitCode?: boolean;
  readonly json?: boolean;
  readonly newCluster?: boolean;
  readonly newGroup?: boolean;
}

/** Options of a verb that applies. */
export interface ApplyOptions extends Pick<PlanOptions, "json" | "newCluster" | "newGroup"> {
  readonly yes?: boolean;
  readonly confirm?: readonly string[];
  readonly reason?: string;
  readonly actor?: string;
  /** ms */
  readonly lockTimeout: number;
}

/** `plan`: shows what apply would do. Exit code 4 where it would be refused; with `exitCode` 3 where it would change something. */
export const planVerb = async <Config extends EngineConfig>(app: App<Config>, options: PlanOptions): Promise<void> => {
  const config = await loadConfig(app);
  const [planned, losses] = await withDeployPorts(app, config, async (ports) => {
    const made = await makePlan(ports, desiredOfApp(app, config), allowedBy(options));
    return [made, await lossesOf(ports, made)] as const;
  });
  const { plan, live, desired, allow } = planned;
  if (options.out !== undefined) await writeOut(options.out, ({ write }) => write(writePlanFile(desired, allow, live)));
  const isReady = options.out !== undefined && plan.refusals.length === 0 && plan.changes.length > 0;
  const next = isReady ? [`sluice topology apply ${options.out}`] : nextAfterPlan(planned);
  if (options.json) printJson(planDocument("topology.plan", planned, losses, next));
  else {
    for (const line of planLines(planned, losses)) print(line);
    const saved = options.out === undefined ? "" : ` The plan is in ${options.out}.`;
    print(`Nothing was changed.${saved} ${nextText(next, "\n      ")}`);
  }
  if (plan.refusals.length > 0) process.exitCode = exitCodes.refused;
  else if (options.exitCode === true && plan.changes.length > 0) process.exitCode = exitCodes.pending;
};

/** `apply`: plans, asks where there is a terminal, and carries the plan out; with a file exactly that plan. */
export const applyVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  file: string | undefined,
  options: ApplyOptions,
): Promise<void> => {
  const saved = file === undefined ? undefined : await planFrom(file);
  const config = await loadConfig(app);
  await applyAndShow(app, config, "topology apply", options, async () => ({
    desired: saved?.desired ?? desiredOfApp(app, config),
    allow: saved?.allow ?? allowedBy(options),
    ...(saved === undefined ? {} : { observed: saved.observed }),
  }));
};

/** `rollback`: makes the document of an earlier deployment the deployed one, by the rules of every apply. */
export const rollbackVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  number: number,
  options: ApplyOptions,
): Promise<void> => {
  const config = await loadConfig(app);
  await applyAndShow(app, config, "topology rollback", options, async ({ deployments }) => {
    const earlier = await deployments.numbered(number);
    if (earlier !== undefined) return { desired: earlier.document, allow: allowedBy(options) };
    const last = await deployments.latest();
    const none = deployments.recorded ? "nothing was deployed yet" : notRecorded;
    const there = last === undefined ? none : `there are 1 to ${last.number}`;
    throw new CliError(`there is no deployment ${number}: ${there}`, {
      code: "NO_DEPLOYMENT",
      exitCode: exitCodes.usage,
      fix: "Next: sluice topology status",
    });
  });
};

/** What is to be applied. */
interface Target {
  readonly desired: Desired;
  readonly allow: Allowed;
  readonly observed?: PlanFile["observed"];
}

const applyAndShow = async <Config extends EngineConfig>(
  app: App<Config>,
  config: Config,
  verb: string,
  options: ApplyOptions,
  targetFrom: (ports: DeployPorts) => Promise<Target>,
): Promise<void> => {
  const outcome = await interruptible((signal) =>
    withDeployPorts(app, config, async (ports) =>
      applyDesired(ports, {
        ...(await targetFrom(ports)),
        confirm: async (planned) => {
          for (const line of planLines(planned, await lossesOf(ports, planned))) note(line);
          return isConfirmed(
            planned.plan,
            { yes: options.yes === true, names: options.confirm ?? [] },
            options.json ? undefined : terminal(),
          );
        },
        actor: options.actor ?? actorOf(environment()),
        host: hostOf(),
        verb,
        reason: options.reason ?? null,
        lockWaitMs: options.lockTimeout,
        signal,
        onStep: ({ step, phase, number, count }) => {
          if (phase === "after") note(`${number}/${count}  ${stepText(step)}`);
        },
      }),
    ),
  );
  if (outcome.kind === "refused") {
    const { planned } = outcome;
    if (options.json) printJson(planDocument(verb.replace(" ", "."), planned, new Map(), nextAfterPlan(planned)));
    else for (const line of [...planLines(planned, new Map()), "Nothing was changed."]) note(line);
    for (const line of options.json ? [] : nextAfterPlan(planned)) note(nextText([line]));
    process.exitCode = exitCodes.refused;
    return;
  }
  const error = outcomeError(outcome);
  if (error !== undefined) throw error;
  showApplied(verb, outcome, options);
};

const showApplied = (verb: string, outcome: ApplyOutcome, { json }: ApplyOptions): void => {
  if (outcome.kind !== "applied" && outcome.kind !== "unchanged") return;
  const kind = verb.replace(" ", ".");
  const next = ["sluice topology status"];
  if (json) {
    const { plan, live, applied } = outcome.planned;
    const deployment = outcome.kind === "applied" ? outcome.deployment : (applied?.number ?? null);
    const data = { applied: outcome.kind === "applied", deployment, changes: plan.changes, clusterId: live.clusterId };
    printJson(jsonDocument(kind, data, { next }));
    return;
  }
  print(appliedText(outcome));
  print(nextText(next));
};

const appliedText = (outcome: Extract<ApplyOutcome, { readonly kind: "applied" | "unchanged" }>): string => {
  if (outcome.kind === "unchanged") return "Nothing to change.";
  return outcome.deployment === null
    ? "Everything is applied. This application has no store of deployments, so none is recorded."
    : `Deployment ${outcome.deployment} is done.`;
};

const planFrom = async (path: string): Promise<PlanFile> => {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new CliError(`the plan ${path} cannot be read: ${why}`, {
      code: "NO_PLAN_FILE",
      exitCode: exitCodes.usage,
      fix: "Next: sluice topology plan --out <file>",
      cause,
    });
  });
  try {
    return readPlanFile(text);
  } catch (cause) {
    if (!(cause instanceof BadPlanFile)) throw cause;
    const about = {
      code: cause.code,
      exitCode: exitCodes.usage,
      fix: "Next: sluice topology plan --out <file>",
      cause,
    };
    throw new CliError(`${path}: ${cause.message}`, about);
  }
};

const allowedBy = ({ newCluster, newGroup }: Pick<PlanOptions, "newCluster" | "newGroup">): Allowed => ({
  ...(newCluster === true ? { newCluster } : {}),
  ...(newGroup === true ? { newGroup } : {}),
});

/** How many records each shorter retention removes. */
export const lossesOf = async ({ cluster, now }: DeployPorts, { plan }: Planned): Promise<Losses> => {
  const losses = new Map<string, bigint>();
  for (const { name, removesOlderThanMs } of plan.changes) {
    if (removesOlderThanMs === undefined) continue;
    losses.set(name, await cluster.countRecordsBefore(name, now() - removesOlderThanMs));
  }
  return losses;
};

/** A plan for programs. */
export const planDocument = (
  kind: string,
  { plan, live, applied, desired }: Planned,
  losses: Losses,
  next: readonly string[],
) =>
  jsonDocument(
    kind,
    {
      clusterId: live.clusterId,
      deployment: applied?.number ?? null,
      declared: Object.fromEntries(Object.entries(desired.topologies).map(([name, { hash }]) => [name, hash])),
      changes: plan.changes.map((change) => ({
        ...change,
        recordsRemoved: losses.get(change.name)?.toString() ?? null,
      })),
      refusals: plan.refusals,
      foreign: plan.foreign,
    },
    {
      status: plan.refusals.length === 0 ? "ok" : "failed",
      errors: plan.refusals.map(({ code, name, text, fix }) => ({ code, message: `${name}: ${text}`, fix })),
      next,
    },
  );
