/** Mistakes that somebody could make with the second feed of a partition: each is a broken statement that some seed must catch. */
import type { Mutant } from "../mutant.ts";
import { noFaults } from "../environment/weather.ts";
import type { Scenario } from "./scenario.ts";

/** Many letters, replayed again and again beside live records of the same few coupons. */
const replaying: Partial<Scenario> = { replays: 3, poison: 0.2, coupons: 2, requests: 160, latencyMs: 30 };

/** A lock that is not given makes a letter in doubt, and its replay an effect. */
const deadlocks: Scenario["faults"] = { ...noFaults, deadlock: 0.3 };

/** What a world with replays must notice. */
export const feedMutants: readonly Mutant[] = [
  {
    kind: "coupons",
    breaks: "second feed: a retry partition decides by itself, under a lease of its own",
    file: "engine/worker/assignment.ts",
    line: "for (const retry of retries) takeRetry(retry, own, feedOptions(retry.at));",
    instead: `for (const retry of retries) {
      const twins = new Map(retry.into.map((at) => [partitionName(at), take(at, sources.length, new Map())]));
      for (const twin of twins.values()) twin.feeds.shift();
      takeRetry(retry, twins, feedOptions(retry.at));
      for (const [name, twin] of twins) own.set(name + " again", twin);
    }`,
    world: { ...replaying, profile: "orderly", faults: deadlocks },
  },
  {
    kind: "coupons",
    breaks: "second feed: letters of replayed records count as a flood",
    file: "engine/worker/round/decide.ts",
    line: "if (replay !== undefined) return false;",
    instead: "if (replay !== undefined) return true;",
    world: { ...replaying, replays: 6, flood: { windowRecords: 30, minRecords: 20, maxShare: 0.7 } },
  },
  {
    kind: "coupons",
    breaks: "second feed: what it brought is finished in the ledger of the source",
    file: "engine/worker/partition/partition.ts",
    line: "for (const { entry, feed } of records) feed.ledger.finish(entry);",
    instead: "for (const { entry } of records) options.feed.ledger.finish(entry);",
    world: replaying,
  },
  {
    kind: "coupons",
    breaks: "second feed: a retry partition is started without its source partition",
    seed: 19,
    file: "engine/worker/feeds.ts",
    line: "const own = assigned.filter(({ topic }) => topic !== retry);",
    instead: `const taken = assigned.map((at) => (at.topic === retry ? { ...at, topic: sources[0].name } : at));
  const own = [...new Map(taken.map((at) => [at.partition, at])).values()];`,
    world: { ...replaying, profile: "orderly", workers: 3, older: 1, faults: deadlocks, incidents: [] },
  },
];
