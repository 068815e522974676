/** The four dashboards, in the order in which one looks at them, as values and as the texts that are committed. */
import { dashboardOf } from "./frame.ts";
import { overview } from "./overview.ts";
import { payments } from "./payments.ts";
import { platform } from "./platform.ts";
import { topology } from "./topology.ts";

/** The folder that Grafana reads them from. */
export const dashboardsFolder = "deploy/monitoring/grafana/dashboards";

/** The text of each file, by its path from the root of the repository. */
export const dashboardTexts: Readonly<Record<string, () => string>> = Object.fromEntries(
  [overview, topology, payments, platform].map((plan) => [
    `${dashboardsFolder}/${plan.uid}.json`,
    () => `${JSON.stringify(dashboardOf(plan), undefined, 2)}\n`,
  ]),
);
