/**
 * What a worker does besides rounds: every now and then it looks at keys of its partitions, those it has had in rounds and
 * others, and sets right what is wrong with one while nothing of that key is in flight.
 */
import { Buffer } from "node:buffer";
import type { Fence } from "../lease.ts";
import { partitionOfKey } from "../log/producer/partitioner.ts";
import type { OwnPartition } from "./assignment.ts";
import type { Clock } from "../clock.ts";
import { StartRefused } from "../errors.ts";
import { errorFields, type Logger } from "../logger.ts";

/** One look. Keys are text. */
export interface UpkeepPass {
  /** The keys that rounds have had since the last pass. */
  readonly touched: readonly string[];
  /** Whether the partition of a key is this worker's. */
  readonly owns: (key: string) => boolean;
  /**
   * Runs a slice of work while nothing of the key is in flight, by the partition's lease; undefined where it is not ours any
   * more. Records of the key wait for it, so it must be short. Passes on what it throws.
   */
  readonly exclusive: <T>(key: string, slice: (fence: Fence) => Promise<T>) => Promise<T | undefined>;
  /** Aborted when the worker stops. */
  readonly signal: AbortSignal;
}

/** What is looked after. */
export interface Upkeep {
  /** Time between two passes. */
  readonly intervalMs: number;
  /** The source whose keys these are, and how many partitions it has. */
  readonly topic: { readonly name: string; readonly partitions: number };
  /** A StartRefused ends the worker: its stores are another's by now. Whatever else it throws is logged, and the next pass comes. */
  readonly pass: (pass: UpkeepPass) => Promise<void>;
}

/** What upkeep works with. */
export interface UpkeepOptions {
  readonly partitions: () => readonly OwnPartition[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told, once, what ends the worker. */
  readonly refused: (error: StartRefused) => void;
  /** Aborted when the worker stops. */
  readonly signal: AbortSignal;
}

/** Looks after what there is until the signal, or until it is refused; never rejects. */
export const keepUp = async (upkeep: Upkeep, options: UpkeepOptions): Promise<void> => {
  const { clock, logger, refused, signal } = options;
  const about = { topic: upkeep.topic.name };
  let failures = 0;
  for (;;) {
    await clock.sleep(upkeep.intervalMs, signal);
    if (signal.aborted) return;
    try {
      await upkeep.pass(passOf(upkeep, options));
      if (failures > 0) logger.info({ event: "upkeep.resumed", ...about, failures }, "upkeep goes on");
      failures = 0;
    } catch (error) {
      if (error instanceof StartRefused) return refused(error);
      failures += 1;
      // An outage is one story.
      if (failures === 1)
        logger.warn(
          { event: "upkeep.failed", ...about, ...errorFields(error) },
          "upkeep was cut short; the next pass goes on",
        );
    }
  }
};

const passOf = ({ topic }: Upkeep, { partitions, signal }: UpkeepOptions): UpkeepPass => {
  // Asked each time: partitions come and go during a pass.
  const own = () => partitions().filter((partition) => partition.topic === topic.name);
  const workOf = (key: Buffer) => {
    const partition = partitionOfKey(key, topic.partitions);
    return own().find((one) => one.partition === partition)?.work;
  };
  return {
    touched: own().flatMap(({ work }) => work.touched().map((key) => key.toString())),
    owns: (key) => workOf(Buffer.from(key)) !== undefined,
    exclusive: async (key, slice) => workOf(Buffer.from(key))?.exclusive(Buffer.from(key), slice),
    signal,
  };
};
