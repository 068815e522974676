/** The real worker and producer in a simulated process: on its log, its codec and its clock. */
import { accumulatorDefaults, type Accumulator, createAccumulator } from "../../../engine/log/producer/accumulator.ts";
import { deadLetterTopic } from "../../../engine/worker/round/dead-letter.ts";
import type { Log } from "../../../engine/log/log.ts";
import type { Logger } from "../../../engine/logger.ts";
import type { FloodLimits } from "../../../engine/worker/failures/flood.ts";
import { type Telemetry, noTelemetry } from "../../../engine/worker/telemetry.ts";
import { testLimits } from "../../../topology/testing/memory-stage.ts";
import { startWorker, type WorkerOptions } from "../../../engine/worker/worker.ts";
import type { AnyTopic } from "../../../engine/flow/parts.ts";
import type { Dice } from "./dice.ts";
import { type LogWorld, logOf } from "./log.ts";
import type { Running } from "./place.ts";
import type { Process } from "./process.ts";
import { codecOf, type RegistryWorld } from "./registry.ts";
import type { Trace } from "../trace.ts";
import { bounds } from "./weather.ts";

/** Partitions of a topic of dead letters. */
export const deadLetterPartitions = 6;

/** How much a worker takes on at once; drawn. */
export interface WorkerBounds {
  readonly maxRound: number;
  readonly concurrency: number;
  readonly maxRecords: number;
  readonly maxAttempts: number;
  readonly flood?: FloodLimits | undefined;
}

/** Some worlds have more poison than any real topic. */
const noFlood: FloodLimits = { windowRecords: 1_000, minRecords: 100, maxShare: 1 };

/** What workers run in. */
export interface WorkerWorld extends LogWorld, RegistryWorld {
  readonly scenario: LogWorld["scenario"] & RegistryWorld["scenario"];
  readonly bounds: WorkerBounds;
}

/** What differs from one topology to another. */
export type WorkerOwn<Deps> = Pick<WorkerOptions<Deps>, "topology" | "deps" | "leases" | "upkeep" | "groupId"> & {
  /** Everything it reads and writes but its dead letters. */
  readonly topics: readonly Pick<AnyTopic, "name" | "partitions">[];
  readonly telemetry?: Partial<Telemetry>;
  /** Which topics it knows of: an older release does not know all. */
  readonly knows?: (topic: string) => boolean;
};

/** Starts one. */
export const runWorker = async <Deps>(
  process: Process,
  world: WorkerWorld,
  { topics, telemetry, knows = () => true, ...own }: WorkerOwn<Deps>,
): Promise<Running> => {
  const whole = logOf(process, world);
  const subscribe: Log["subscribe"] = ({ groupId, topics: read }, listener) =>
    whole.subscribe({ groupId, topics: read.filter(knows) }, listener);
  const log = { ...whole, subscribe };
  const producer = producerOf(process, world, log, [
    ...topics,
    { name: deadLetterTopic(own.topology.graph.name), partitions: deadLetterPartitions },
  ]);
  const { maxAttempts, flood, ...limits } = world.bounds;
  const worker = await startWorker({
    ...own,
    ...commonOf(process, world),
    name: process.name,
    log,
    producer,
    codec: codecOf(process, world),
    limits: { ...testLimits, ...limits },
    maxAttempts,
    readinessPolicy: { graceMs: 10_000, optionalDependencies: [] },
    flood: flood ?? noFlood,
    stall: { unreadyMs: 30_000, endMs: 120_000 },
    commitIntervalMs: bounds.commitIntervalMs,
    telemetry: { ...noTelemetry, ...telemetry },
  });
  const stop = async (): Promise<void> => {
    await worker.stop();
    await producer.close();
    await log.close();
  };
  return { ended: worker.ended, stop };
};

/** The real producer of a process. */
export const producerOf = (
  process: Process,
  world: Speaking,
  log: Log,
  topics: WorkerOwn<never>["topics"],
): Accumulator =>
  createAccumulator({
    ...accumulatorDefaults,
    maxBatchRecords: 20,
    ...commonOf(process, world),
    writer: log,
    partitionCounts: new Map(topics.map(({ name, partitions }) => [name, partitions])),
  });

interface Speaking {
  readonly dice: Dice;
  readonly trace: Trace;
}

/** Clock, chance, and a logger whose lines go into the trace. */
export const commonOf = (process: Process, { dice, trace }: Speaking) => {
  const line = (fields: Readonly<Record<string, unknown>>, text: string): void =>
    trace.add(process.name, () => `says: ${text} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: line, info: line, warn: line, error: line };
  return { clock: process.clock, random: dice.next, backoff: { initialMs: 10, maxMs: 200 }, logger };
};
