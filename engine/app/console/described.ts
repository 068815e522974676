/** What of an application its console describes. */
import type { LiveSources } from "../../console/live/live.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import { type App, drawnOutboxes } from "../define-app.ts";

/** Its topologies, outboxes and figures, and the partitions that each topic is declared with. */
export const describedOf = <Config extends EngineConfig>(app: App<Config>): LiveSources["described"] => ({
  topologies: app.topologies.map(({ topology }) => topology.graph),
  partitions: new Map(app.allTopics.map(({ name, partitions }) => [name, partitions])),
  outboxes: drawnOutboxes(app),
  figures: app.console?.figures ?? [],
});
