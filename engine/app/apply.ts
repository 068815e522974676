/** Deploys an application without asking anybody: what the demo, the benchmarks and the tests do first. */
import type { Allowed } from "../deploy/plan/plan.ts";
import { risksOf } from "../deploy/plan/change.ts";
import { applyDesired } from "../deploy/run/apply.ts";
import { environment } from "./cli.ts";
import type { EngineConfig } from "./config/engine-config.ts";
import type { App } from "./define-app.ts";
import { actorOf, desiredOfApp, hostOf, withDeployPorts } from "./deploying/open.ts";
import { outcomeError } from "./deploying/outcome.ts";

/** How an application is deployed. */
export interface ApplyAppOptions {
  readonly allow?: Allowed;
  /** How long to wait for another apply to end, ms. Default 60,000. */
  readonly lockWaitMs?: number;
}

/** What is there now, by name; of migrations those that were made. */
export interface Applied {
  readonly migrations: readonly string[];
  readonly topics: readonly string[];
  readonly subjects: readonly string[];
}

/**
 * The same as `sluice topology apply` without a terminal: plain changes go through. Idempotent.
 * @throws CliError where it is refused, has to be confirmed, or did not end.
 */
export const applyApp = async <Config extends EngineConfig>(
  app: App<Config>,
  config: Config,
  { allow = {}, lockWaitMs = 60_000 }: ApplyAppOptions = {},
): Promise<Applied> =>
  withDeployPorts(app, config, async (ports) => {
    const desired = desiredOfApp(app, config);
    const outcome = await applyDesired(ports, {
      desired,
      allow,
      confirm: async ({ plan }) => risksOf(plan).length === 0,
      actor: actorOf(environment()),
      host: hostOf(),
      verb: "topology apply",
      reason: null,
      lockWaitMs,
    });
    const error = outcomeError(outcome);
    if (error !== undefined) throw error;
    return {
      migrations: outcome.kind === "applied" ? outcome.planned.live.pendingMigrations : [],
      topics: Object.keys(desired.topics),
      subjects: Object.keys(desired.subjects),
    };
  });
