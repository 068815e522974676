/** What `sluice verify --watch` counts. */
import type { Registry } from "prom-client";
import type { LetterCounts } from "../../dlq/read/follow-standings.ts";
import type { WatchTelemetry } from "../verify/watch.ts";
import { gaugeOf, watchedCounter, watchedGauge } from "./define.ts";
import { engineMetrics } from "./table.ts";

/** Gauges of violations and looks. `check` is a claim of the application, so there are as many series as claims. */
export const verifyTelemetry = (registry: Registry): WatchTelemetry => {
  const violations = gaugeOf(registry, engineMetrics.verifyViolations);
  const lastSuccess = gaugeOf(registry, engineMetrics.verifyLastSuccess);
  return {
    violations: (check, count) => violations.set({ check }, count),
    succeeded: (atMs) => lastSuccess.set(atMs / 1_000),
  };
};

/** States of letters that somebody decided about: the outcomes of {@link engineMetrics.redriven}. */
const decidedStates = ["resolved", "failed-again", "discarded"] as const;

/** Letters by topology, as they were counted last. */
export const watchLetters = (registry: Registry, counts: () => ReadonlyMap<string, LetterCounts>): void => {
  watchedGauge(registry, engineMetrics.deadLettersUndecided, (set) => {
    for (const [topology, { open }] of counts()) set({ topology }, open);
  });
  watchedCounter(registry, engineMetrics.redriven, (set) => {
    for (const [topology, own] of counts())
      for (const outcome of decidedStates) set({ topology, outcome }, own[outcome]);
  });
};
