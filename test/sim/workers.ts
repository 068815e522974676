/** The workers of a simulated world: each place has one process at a time, the real worker in it, and a new one after its end. */
import { accumulatorDefaults, createAccumulator } from "../../runtime/accumulator.ts";
import type { Logger } from "../../runtime/logger.ts";
import { noTelemetry } from "../../runtime/telemetry.ts";
import { testLimits } from "../../runtime/testing.ts";
import { startWorker } from "../../runtime/worker.ts";
import type { Codec } from "../../schemas/codec.ts";
import { couponTopics } from "../../schemas/coupon.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import { type LogWorld, logOf } from "./log.ts";
import { createProcess, type Process } from "./process.ts";
import { bounds, type Incident } from "./scenario.ts";
import { codecOf } from "./registry.ts";
import { type UpkeepWorld, upkeepOf } from "./upkeep.ts";
import { leasesOf, storesOf } from "./stores.ts";
import type { Time } from "./time.ts";

/** What workers run in. */
export interface WorkerWorld extends LogWorld, UpkeepWorld {
  readonly time: Time;
  readonly codec: Codec;
  readonly groupId: string;
  readonly deadLetters: string;
  /** Told of records that a worker gives up on in doubt. */
  readonly gaveUpOn: (records: number) => void;
  /** Told of a worker that could not go on: nothing in a simulated world is a reason to. */
  readonly gaveUp: (who: string, error: Error) => void;
}

/** One place for a worker. */
export interface Place {
  /** Starts a process where none lives. */
  readonly start: () => void;
  /** Something happens to the process that lives here, if any does. */
  readonly strike: (incident: Incident) => void;
  /** Kills the process that lives here; false where none does. */
  readonly kill: () => boolean;
}

interface Living {
  readonly process: Process;
  /** Stops in good order. */
  stop: (() => Promise<void>) | undefined;
}

/** ms until a process that ended is started again. */
const restartMs = 200;

/** A place, empty yet. */
export const createPlace = (number: number, world: WorkerWorld): Place => {
  const { broker, time, trace, stormy, gaveUp } = world;
  let incarnation = 0;
  let living: Living | undefined;

  const start = (): void => {
    if (living !== undefined) return;
    incarnation += 1;
    const name = `w${number}.${incarnation}`;
    const died = (): void => {
      broker.crash(name);
      living = undefined;
      time.after(restartMs, start);
    };
    const own: Living = { process: createProcess(name, { time, trace, died }), stop: undefined };
    living = own;
    trace.add(name, () => "starts");
    boot(own, world).catch((error: Error) => own.process.kill(`could not start: ${error}`));
  };
  const boot = async (own: Living, around: WorkerWorld): Promise<void> => {
    const { worker, stop } = await startSimulated(own.process, around);
    own.stop = stop;
    const error = await worker.ended;
    if (error === undefined) return;
    gaveUp(own.process.name, error);
    own.process.kill(`its worker ended: ${error.message}`);
  };
  const leave = ({ process, stop }: Living, forMs: number): void => {
    if (stop === undefined) return;
    trace.add(process.name, () => "leaves in good order");
    const gone = (): void => {
      trace.add(process.name, () => "has left");
      if (living?.process === process) living = undefined;
      time.after(forMs, start);
    };
    stop().then(gone, (error: Error) => gaveUp(process.name, error));
  };
  const lose = (process: Process, { kind, forMs }: Incident): void => {
    trace.add(process.name, () =>
      kind === "freeze" ? `freezes for ${forMs} ms` : `reaches no broker for ${forMs} ms`,
    );
    if (kind === "freeze") process.freeze();
    process.cutOff = true;
    broker.cutOff(process.name);
    time.after(forMs, () => {
      if (!process.alive()) return;
      trace.add(process.name, () => (kind === "freeze" ? "thaws" : "reaches the broker again"));
      process.cutOff = false;
      broker.reconnect(process.name);
      process.thaw();
    });
  };
  return {
    start,
    kill: () => {
      const found = living?.process;
      found?.kill("at its point");
      return found !== undefined;
    },
    strike: (incident) => {
      if (living === undefined || !stormy()) return;
      const { process } = living;
      if (incident.kind === "kill") process.kill("by chance");
      else if (incident.kind === "leave") leave(living, incident.forMs);
      else if (!process.cutOff) lose(process, incident);
    },
  };
};

/** The real worker and producer on the simulated log, stores and clock. */
const startSimulated = async (process: Process, world: WorkerWorld) => {
  const { scenario, groupId, dice, deadLetters } = world;
  const upkeep = upkeepOf(process, world);
  const log = logOf(process, world);
  const logger = loggerOf(process, world);
  const common = { clock: process.clock, random: dice.next, backoff: { initialMs: 10, maxMs: 200 }, logger };
  const topics = [
    ...couponTopics.map(({ name, partitions }) => [name, partitions] as const),
    [deadLetters, 6] as const,
  ];
  const producer = createAccumulator({
    ...accumulatorDefaults,
    maxBatchRecords: 20,
    ...common,
    writer: log,
    partitionCounts: new Map(topics),
  });
  const { maxRound, concurrency, maxRecords, maxAttempts } = scenario;
  const worker = await startWorker({
    topology: couponIssuing,
    deps: storesOf(process, world),
    leases: leasesOf(process, world),
    name: process.name,
    log,
    producer,
    codec: codecOf(process, world),
    groupId,
    ...(upkeep && { upkeep }),
    ...common,
    limits: { ...testLimits, maxRound, concurrency, maxRecords },
    maxAttempts,
    patience: { graceMs: 10_000, calm: [] },
    // Some worlds have more poison than any real topic.
    flood: { windowRecords: 1_000, minRecords: 100, maxShare: 1 },
    stall: { unreadyMs: 30_000, endMs: 120_000 },
    commitIntervalMs: bounds.commitIntervalMs,
    telemetry: {
      ...noTelemetry,
      deadLettered: (code, records) => {
        if (code === "DEADLOCK") world.gaveUpOn(records);
      },
    },
  });
  const stop = async (): Promise<void> => {
    await worker.stop();
    await producer.close();
    await log.close();
  };
  return { worker, stop };
};

/** What a worker says goes into the trace. */
const loggerOf = ({ name }: Process, { trace }: WorkerWorld): Logger => {
  const line = (fields: Readonly<Record<string, unknown>>, text: string): void =>
    trace.add(name, () => `says: ${text} ${JSON.stringify(fields)}`);
  return { debug: line, info: line, warn: line, error: line };
};
