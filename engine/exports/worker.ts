/** `sluice-engine/worker`: a worker as a function, for an application that does not use the command line. */
export { deadLetterTopic } from "../worker/round/dead-letter.ts";
export { retryTopic, toRetryRecord } from "../worker/round/retry-record.ts";
export { type Telemetry, noTelemetry } from "../worker/telemetry.ts";
export type { Upkeep, UpkeepPass } from "../worker/upkeep.ts";
export { startWorker, type Worker, type WorkerOptions } from "../worker/worker.ts";
