/** The log as one simulated process reaches it: the broker in memory, its answers subject to the storm. */
import { Unavailable } from "../../../engine/errors.ts";
import {
  type Log,
  type LogListener,
  type Subscription,
  type TopicPartition,
  partitionName,
} from "../../../engine/log/log.ts";
import type { MemoryBroker } from "../../../engine/log/memory/memory-log.ts";
import type { Dice } from "./dice.ts";
import type { DrainWatcher } from "./draining.ts";
import type { Network } from "./network.ts";
import type { Process } from "./process.ts";
import type { Trace } from "../trace.ts";
import type { Weather } from "./weather.ts";

/** What the log of a process is reached through. */
export interface LogWorld {
  readonly broker: MemoryBroker;
  /** Appends, from any sender; resolves when it is in the log. */
  readonly append: Log["append"];
  readonly network: Network;
  readonly dice: Dice;
  readonly trace: Trace;
  readonly scenario: Weather;
  readonly stormy: () => boolean;
  readonly draining: DrainWatcher;
  /** Called for every delivery. */
  readonly fetched: (at: TopicPartition, offsets: readonly bigint[]) => void;
  /** Called for every commit that took effect. */
  readonly committed: (who: string, offsets: readonly (TopicPartition & { readonly offset: bigint })[]) => void;
}

/** The log of one process. */
export const logOf = (from: Process, world: LogWorld): Log => {
  const inner = world.broker.client(from.name);
  return {
    partitionCount: (topic) => answered(from, inner.partitionCount(topic)),
    append: (to, records) => {
      if (from.cutOff) return away(from);
      const what = (): string => `append ${records.length} to ${to.topic}/${to.partition}`;
      const effect = (): Promise<bigint | undefined> => world.append(to, records);
      return world.network.call({ from, to: "kafka", kind: "read", what, about: [], effect });
    },
    subscribe: async (options, listener) => {
      const subscription = await answered(from, inner.subscribe(options, listened(from, listener, world)));
      return { ...subscription, commit: committing(from, subscription, world) };
    },
    close: inner.close,
  };
};

/** An answer that finds its process frozen or dead waits, or is never heard. */
const answered = <T>(from: Process, answer: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    answer.then(
      (value) => from.reach(() => resolve(value)),
      (error: Error) => from.reach(() => reject(error)),
    );
  });

const away = async (from: Process): Promise<never> => {
  await from.clock.sleep(5);
  throw new Unavailable("kafka", `${from.name} reaches no broker`);
};

const listened = (from: Process, listener: LogListener, { trace, draining, fetched }: LogWorld): LogListener => ({
  assigned: (partitions) => {
    trace.add(from.name, () => `assigned ${partitions.map(partitionName).join(" ") || "nothing"}`);
    draining.assigned(from);
    listener.assigned(partitions);
  },
  records: (at, records, endOffset) => {
    const first = records[0]?.offset;
    trace.add(from.name, () => `fetched ${partitionName(at)} from ${first}: ${records.length} of ${endOffset}`);
    fetched(
      at,
      records.map(({ offset }) => offset),
    );
    listener.records(at, records, endOffset);
  },
  revoking: async () => {
    trace.add(from.name, () => "is asked to drain");
    const drained = draining.askedToDrain(from);
    await listener.revoking();
    drained();
    trace.add(from.name, () => "has drained");
  },
  failed: listener.failed,
});

const committing =
  (from: Process, subscription: Subscription, { dice, scenario, stormy, trace, committed }: LogWorld) =>
  (offsets: readonly (TopicPartition & { readonly offset: bigint })[]): Promise<void> => {
    const { refused, answerLost } = scenario.faults;
    if (stormy() && dice.chance(refused)) return answered(from, Promise.reject(new Unavailable("kafka", "refused")));
    const commit = async (): Promise<void> => {
      await subscription.commit(offsets);
      trace.add(from.name, () => `commits ${offsets.map((at) => `${partitionName(at)}@${at.offset}`).join(" ")}`);
      committed(from.name, offsets);
      if (stormy() && dice.chance(answerLost)) throw new Unavailable("kafka", "answer lost");
    };
    return answered(from, commit());
  };
