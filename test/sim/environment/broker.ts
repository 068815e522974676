/** The broker of a simulated world: every record that is appended is seen, and every commit is checked when it takes effect. */
import type { Log, NewRecord, TopicPartition } from "../../../engine/log/log.ts";
import { MemoryBroker } from "../../../engine/log/memory/memory-log.ts";
import type { Dice } from "./dice.ts";
import type { Time } from "./time.ts";
import { bounds } from "./weather.ts";

/** How a broker answers, and what topics it has. */
export interface BrokerOptions {
  readonly time: Time;
  readonly dice: Dice;
  readonly scenario: { readonly latencyMs: number; readonly fetchMaxRecords: number };
  readonly topics: readonly { readonly name: string; readonly partitions: number }[];
}

/** A broker with empty topics. */
export const createBroker = ({ time, dice, scenario, topics }: BrokerOptions): MemoryBroker => {
  const broker = new MemoryBroker({
    clock: time,
    // What a process appends travels through the network of the simulation, which may lose it.
    latencyMs: (request) => (request === "append" ? 0 : dice.between(1, scenario.latencyMs)),
    fetchMaxRecords: scenario.fetchMaxRecords,
    drainBudgetMs: bounds.drainBudgetMs,
    sessionTimeoutMs: bounds.sessionTimeoutMs,
  });
  for (const { name, partitions } of topics) broker.createTopic(name, partitions);
  return broker;
};

/** Appends as the broker does, and calls `appended` with the records and the offset of the first. */
export const appendTo = (
  broker: MemoryBroker,
  appended: (to: TopicPartition, firstOffset: bigint, records: readonly NewRecord[]) => void,
): Log["append"] => {
  const wire = broker.client("wire");
  return async (to, records) => {
    const firstOffset = await wire.append(to, records);
    if (firstOffset !== undefined) appended(to, firstOffset, records);
    return firstOffset;
  };
};

/** Checks every commit of a group: none goes back, none passes a record that `isDone` says is unfinished. */
export const commitWatcher = (
  isDone: (partition: number, offset: bigint) => boolean,
  broke: (claim: "commits never go back" | "a commit passes nothing unfinished", what: string) => void,
) => {
  const reached = new Map<number, bigint>();
  return (who: string, offsets: readonly { readonly partition: number; readonly offset: bigint }[]): void => {
    for (const { partition, offset } of offsets) {
      const before = reached.get(partition) ?? 0n;
      if (offset < before) broke("commits never go back", `${who} took ${partition} from ${before} to ${offset}`);
      for (let passed = before; passed < offset; passed += 1n) {
        if (isDone(partition, passed)) continue;
        broke("a commit passes nothing unfinished", `${who} committed ${partition}@${offset}, ${passed} is unfinished`);
      }
      reached.set(partition, offset);
    }
  };
};
