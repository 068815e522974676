/** What every process says of itself: its release, and whether it is ready. */
import type { Registry } from "prom-client";
import { type Readiness, readinessCodes } from "../../readiness.ts";
import { engineVersion } from "../version.ts";
import { watchedGauge } from "./define.ts";
import { engineMetrics } from "./table.ts";

/** Says which release runs. */
export const tellBuild = (registry: Registry): void => {
  const labels = { version: engineVersion(), node: process.versions.node };
  watchedGauge(registry, engineMetrics.buildInfo, (set) => set(labels, 1));
};

/** Says whether it is ready and why not, when it is scraped: as /ready says it. */
export const watchReadiness = (registry: Registry, ready: () => Readiness): void => {
  watchedGauge(registry, engineMetrics.ready, (set) => set({}, Number(ready().ok)));
  const reasons = Object.keys(readinessCodes);
  watchedGauge(registry, engineMetrics.notReady, (set) => {
    const now: ReadonlySet<string> = new Set(ready().codes);
    for (const reason of reasons) set({ reason }, Number(now.has(reason)));
  });
};
