/**
 * What a worker does besides rounds: it looks at the keys it has had in rounds, and bit by bit at all others of its
 * partitions, and has what is wrong with one set right while nothing of that key is in flight.
 */
import { Buffer } from "node:buffer";
import type { Fence } from "../processors/lease.ts";
import type { OwnPartition } from "./assignment.ts";
import type { Clock } from "./clock.ts";
import { errorFields, type Logger } from "./logger.ts";

/** Runs a slice of work while nothing of the key is in flight, by the partition's lease; undefined where it is not ours any more. */
export type AloneWith = <T>(slice: (fence: Fence) => Promise<T>) => Promise<T | undefined>;

/** What is looked after: it is told keys of one source as text. Whatever it throws is logged, and the next pass comes. */
export interface Upkeep {
  /** Time between two passes. */
  readonly intervalMs: number;
  /** The source whose keys these are. */
  readonly topic: string;
  /** Keys to look at besides those of rounds: a page of all there are, another one at each call. */
  readonly sweep: () => Promise<readonly string[]>;
  /** Of these keys, those that are to be mended now. Asked once a pass, with all keys that are ours. */
  readonly suspects: (keys: readonly string[]) => Promise<readonly string[]>;
  /** Sets one key right. */
  readonly mend: (key: string, alone: AloneWith) => Promise<void>;
}

/** What upkeep works with. */
export interface UpkeepOptions {
  readonly partitions: () => readonly OwnPartition[];
  /** The partition of a key. */
  readonly partitionOf: (topic: string, key: Buffer) => number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted when the worker stops. */
  readonly signal: AbortSignal;
}

/** Looks after what there is until the signal; never rejects. */
export const keepUp = async (upkeep: Upkeep, options: UpkeepOptions): Promise<void> => {
  const { clock, logger, signal } = options;
  while (!signal.aborted) {
    await clock.sleep(upkeep.intervalMs, signal);
    if (signal.aborted) return;
    try {
      await pass(upkeep, options);
    } catch (error) {
      logger.warn({ topic: upkeep.topic, ...errorFields(error) }, "upkeep was cut short; the next pass goes on");
    }
  }
};

const pass = async ({ topic, sweep, suspects, mend }: Upkeep, options: UpkeepOptions): Promise<void> => {
  const own = new Map(options.partitions().flatMap((p) => (p.topic === topic ? [[p.partition, p.work] as const] : [])));
  if (own.size === 0) return;
  const workOf = (key: string) => own.get(options.partitionOf(topic, Buffer.from(key)));
  const touched = [...own.values()].flatMap((work) => work.touched().map((key) => key.toString()));
  const swept = (await sweep()).filter((key) => workOf(key) !== undefined);
  for (const key of await suspects([...new Set([...touched, ...swept])])) {
    if (options.signal.aborted) return;
    const work = workOf(key);
    if (work !== undefined) await mend(key, (slice) => work.alone(Buffer.from(key), slice));
  }
};
