/** Which topology a page asks about. */
import { ConsoleFailure } from "../../console/serve/failure.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import { type App, topologyNames } from "../define-app.ts";

/** The topology that a question is about. @throws ConsoleFailure (404) */
export const topologyIn = <Config extends EngineConfig>(
  app: App<Config>,
  { topology = "" }: Readonly<Record<string, unknown>>,
): string => {
  const names = topologyNames(app);
  if (typeof topology === "string" && names.includes(topology)) return topology;
  throw new ConsoleFailure(
    404,
    "NO_SUCH_TOPOLOGY",
    `there is no topology ${String(topology)}`,
    `There are ${names.join(", ")}.`,
  );
};
