/** The plan of a deployment for the console: the document of `sluice topology plan`, drawn graphs, and schemas with who reads them. */
import type { PlanDocument } from "../../console/documents.ts";
import { drawStill } from "../../console/live/drawing.ts";
import { compareGraphs, graphChangesText } from "../../deploy/plan/graph-changes.ts";
import { makePlan, type Planned } from "../../deploy/run/observe.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import { type App, drawnOutboxes } from "../define-app.ts";
import { desiredOfApp, withDeployPorts } from "../deploying/open.ts";
import { nextAfterPlan } from "../deploying/show-plan.ts";
import { lossesOf, planDocument } from "../deploying/verbs.ts";
import { subjectStatuses } from "../evolving/looking.ts";

/** Looks at everything, and plans; changes nothing. @throws Unavailable @throws RegistryUnavailable */
export type LookAtPlan = () => Promise<PlanDocument>;

/** The plans of an application. Opens what it reads for each, and makes one at a time, whoever asks. */
export const createPlans = <Config extends EngineConfig>(app: App<Config>, config: Config): LookAtPlan => {
  let looking: Promise<PlanDocument> | undefined;
  return () => {
    looking ??= look(app, config).finally(() => {
      looking = undefined;
    });
    return looking;
  };
};

const look = async <Config extends EngineConfig>(app: App<Config>, config: Config): Promise<PlanDocument> => {
  const { planned, losses } = await withDeployPorts(app, config, async (ports) => {
    const made = await makePlan(ports, desiredOfApp(app, config), {});
    return { planned: made, losses: await lossesOf(ports, made) };
  });
  const next = nextAfterPlan(planned);
  const { clusterId, deployment, changes, refusals, foreign } = planDocument(
    "topology.plan",
    planned,
    losses,
    next,
  ).data;
  return {
    ...{ clusterId, recorded: planned.plan.recorded, deployment, foreign, next },
    changes: changes.map(({ kind, area, name, text, risk = null, recordsRemoved }) => {
      return { kind, area, name, text, risk, recordsRemoved };
    }),
    refusals: refusals.map(({ code, name, text: message, fix }) => ({ code, name, message, fix })),
    graphs: graphsOf(app, planned),
    subjects: (await subjectStatuses(app, config)).map(({ subject, versions, level, declaredAs, readers, writers }) => {
      return { subject, versions, level, declaredAs, readers, writers };
    }),
  };
};

const graphsOf = <Config extends EngineConfig>(app: App<Config>, { applied }: Planned): PlanDocument["graphs"] => {
  const outboxes = drawnOutboxes(app);
  return app.topologies.map(({ topology: { graph, hash } }) => {
    const before = applied?.document.topologies[graph.name];
    const differs = before !== undefined && before.hash !== hash;
    return {
      topology: graph.name,
      difference: differs ? graphChangesText(compareGraphs(before.graph, graph)) : null,
      declared: drawStill(graph, outboxes),
      deployed: differs ? drawStill(before.graph, outboxes) : null,
    };
  });
};
