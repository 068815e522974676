/** What the console reads, opened once: the list of processes and what is deployed. What a page reads besides is opened when it asks. */
import type { Deployments } from "../../deploy/deployments.ts";
import { askHealth } from "../../console/live/ask-health.ts";
import type { LiveSources } from "../../console/live/live.ts";
import { openDeployments } from "../deploying/open.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import { type App, topologyNames } from "../define-app.ts";
import { describedOf } from "./described.ts";
import { createLetters, type LettersData } from "./letters.ts";
import { createStandingLook } from "./standing.ts";
import { createPlans, type LookAtPlan } from "./plans.ts";

/** Open, until it is closed. */
export interface ConsoleData {
  readonly live: LiveSources;
  readonly deployments: Deployments;
  readonly letters: LettersData;
  readonly plan: LookAtPlan;
  readonly close: () => Promise<void>;
}

/** Opens what a console reads. */
export type OpenConsoleData = () => Promise<ConsoleData>;

/** Opens it; what it reads may be away. */
export const openConsoleData = async <Config extends EngineConfig>(
  app: App<Config>,
  config: Config,
): Promise<ConsoleData> => {
  const [listed, { deployments, close }] = [await app.processes?.(config), await openDeployments(app, config)];
  const letters = createLetters(app, config);
  const standing = createStandingLook(app, config);
  return {
    live: {
      ask: askHealth,
      standing: standing.ask,
      described: describedOf(app),
      processes: listed && (() => listed.processes.list()),
      deployed: async () => {
        const accepted = await Promise.all(
          topologyNames(app).map(async (name) => [name, (await deployments.accepted(name))?.hash] as const),
        );
        return new Map(accepted.flatMap(([name, hash]) => (hash === undefined ? [] : [[name, hash]])));
      },
    },
    deployments,
    letters,
    plan: createPlans(app, config),
    close: async () => {
      await letters.close();
      await standing.close();
      await listed?.close();
      await close();
    },
  };
};
