/** `sluice-engine`: what a topology is declared with, and what its processors, stores and ports may throw. */
export * from "../clock.ts";
export * from "../errors.ts";
export * from "../flow/draw.ts";
export * from "../flow/dsl.ts";
export { InvalidTopology } from "../flow/validate.ts";
export type { Project, Undone } from "../flow/parts.ts";
export * from "../flow/processor.ts";
export { type SourceCheck, sourceCheck, withChecks } from "../flow/source-check.ts";
export * from "../flow/store.ts";
export * from "../lease.ts";
export * from "../logger.ts";
export * from "../readiness.ts";
