/** What the console's pages ask. */
import type { Route } from "../../console/serve/server.ts";
import { drawLive } from "../../console/live/drawing.ts";
import { ConsoleFailure } from "../../console/serve/failure.ts";
import type { CodeDocument, DrawingDocument, OperationDocument } from "../../console/documents.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import { type App, drawnOutboxes, topologyNamed } from "../define-app.ts";
import type { ConsoleData } from "./open-data.ts";
import { letterRoutes } from "./letter-routes.ts";
import { topologyIn } from "./topology-in.ts";

/** Operations that are shown. */
const shownOperations = 30;

/** Those of the engine's own pages. */
export const engineRoutes = <Config extends EngineConfig>(
  app: App<Config>,
  { deployments, letters, plan }: ConsoleData,
): readonly Route[] => {
  const drawings = new Map<string, DrawingDocument>();
  const outboxes = drawnOutboxes(app);
  return [
    {
      method: "GET",
      path: "drawing",
      answer: async ({ query }) => {
        const name = topologyIn(app, query);
        const drawn = drawings.get(name) ?? drawLive(topologyNamed(app, name).topology.graph, outboxes);
        drawings.set(name, drawn);
        return drawn;
      },
    },
    {
      method: "GET",
      path: "operations",
      answer: async (): Promise<readonly OperationDocument[]> => deployments.operations(shownOperations),
    },
    { method: "GET", path: "code", answer: ({ query }) => codeExplained(app, query["code"] ?? "") },
    { method: "GET", path: "plan", answer: plan },
    ...letterRoutes(app, letters),
  ];
};

const codeExplained = async <Config extends EngineConfig>(app: App<Config>, code: string): Promise<CodeDocument> => {
  const explained = (await app.explains?.())?.(code);
  if (explained === undefined)
    throw new ConsoleFailure(
      404,
      "NO_SUCH_CODE",
      `nothing here explains ${code}`,
      "The message beside it says what it met.",
    );
  return { code, at: explained.at, means: explained.means ?? null };
};

/** Those of an application's pages. */
export const pageRoutes = <Config extends EngineConfig>(app: App<Config>, config: Config): readonly Route[] =>
  (app.console?.pages ?? []).map(({ name, answer }) => ({
    method: "GET",
    path: name,
    answer: ({ query }) => answer(config, query),
  }));
