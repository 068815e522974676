/**
 * The same code with one line broken: each mutant is a mistake that somebody could make, and some seed must catch it. A
 * line is broken in memory as its module is loaded, in a thread of its own; no file is touched.
 */
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Scenario } from "./scenario.ts";

/** One broken line. */
export interface Mutant {
  /** What it breaks, in words. */
  readonly breaks: string;
  /** Below the repository's root. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly line: string;
  /** What stands there instead. */
  readonly instead: string;
  /** A seed known to catch it, tried alone, where very few do. */
  readonly seed?: number;
  /** Worlds in which it shows more often than in those that are drawn. */
  readonly world?: Partial<Scenario>;
}

/** Every mutant. */
export const mutants: readonly Mutant[] = [
  {
    breaks: "low-water mark: any finished record moves it",
    file: "runtime/ledger.ts",
    line: "while (head < entries.length && entries[head]?.finished) head++;",
    instead: "if (head < entries.length) head++;",
  },
  {
    breaks: "release guard: gives back what is not held",
    file: "topology/fakes/memory-coupon-stock.ts",
    line: "if (counter?.marks.get(userId) !== reservationId) return;",
    instead: "if (counter === undefined) return;",
  },
  {
    breaks: "same id means done: a redelivery counts as a duplicate",
    file: "stores/mysql/decide-round.ts",
    line: "if (verdict !== undefined) return repeat(issue, verdict);",
    instead: "",
  },
  {
    breaks: "the database's own word: one unit more than there are, when the gate agrees",
    file: "stores/mysql/decide-round.ts",
    line: "if (left > 0) return grant(issue, left);",
    instead: "if (left >= 0) return grant(issue, left);",
    seed: 400,
  },
  {
    breaks: "one each: a user may have two, when the gate forgot",
    file: "stores/mysql/decide-round.ts",
    line: "if (holders.has(holderKey(issue.couponId, issue.userId))) {",
    instead: "if (holders.size < 0) {",
  },
  {
    breaks: "one verdict for ever: a refusal is written over what stands",
    file: "topology/fakes/memory-database.ts",
    line: "if (standing === undefined) {",
    instead: "if (standing?.kind !== undefined || standing === undefined) {",
  },
  {
    breaks: "drain on revoke: partitions are given back at once",
    file: "runtime/assignment.ts",
    line: "await Promise.all([...leaving.values()].map(({ partition }) => partition.drain()));",
    instead: "",
  },
  {
    breaks: "lease check: the database writes for whoever asks",
    file: "topology/fakes/memory-database.ts",
    line: "if (fence !== undefined && found !== fence.epoch) throw new Fenced(fence, found);",
    instead: "",
  },
  {
    breaks: "lease check: the gate serves whoever asks",
    file: "topology/fakes/memory-coupon-stock.ts",
    line: "if (counter.epoch > fence.epoch) throw new Fenced(fence, counter.epoch);",
    instead: "",
  },
  {
    breaks: "lease check: the gate forgets which epoch it has seen",
    file: "topology/fakes/memory-coupon-stock.ts",
    line: "counter.epoch = fence.epoch;",
    instead: "",
  },
  {
    breaks: "lease check: who was refused takes the lease again without asking the group",
    file: "runtime/lease.ts",
    line: "renewing ??= prove()",
    instead: "renewing ??= Promise.resolve()",
  },
  {
    breaks: "lease check: who was refused never takes the lease again",
    file: "runtime/lease.ts",
    line: "if (error instanceof Fenced && epoch === fence.epoch) await renew();",
    instead: "",
  },
  {
    breaks: "lease check: rounds begin before the lease is taken",
    file: "runtime/partition.ts",
    line: "const opening = options.lease.acquire(tries.unguarded).then(() => {",
    instead: "options.lease.acquire(tries.unguarded).catch(() => {}); const opening = Promise.resolve().then(() => {",
  },
  {
    breaks: "own mark: a redelivery finds its unit taken by another",
    file: "topology/fakes/memory-coupon-stock.ts",
    line: 'if (holder !== undefined) return holder === reservationId ? "taken" : "heldByOther";',
    instead: 'if (holder !== undefined) return "heldByOther";',
  },
  {
    breaks: "acknowledgement: finished before what it wrote is in the log",
    file: "runtime/partition.ts",
    line: "await waits.acknowledgements.during(wait, acknowledged);",
    instead: "acknowledged.catch(() => {});",
  },
  {
    breaks: "append again: one that failed counts as written",
    file: "runtime/accumulator.ts",
    line: "await this.#wait(failures, batch, error);",
    instead: "return this.#settle(batch);",
  },
  {
    breaks: "lanes: a key may be in two rounds at once",
    file: "runtime/lanes.ts",
    line: "if (isKept(record.lane)) rest.push(record);",
    instead: "if (false) rest.push(record);",
  },
  {
    breaks: "holding: an outage uses up attempts",
    file: "runtime/attempts.ts",
    line: 'observe?.({ kind: "holding", call: call.name, error, failures: ++holds });',
    instead: "if (++misses >= maxAttempts) return { ok: false, error };",
  },
  {
    breaks: "dead letters: what cannot be read is skipped",
    file: "runtime/decide.ts",
    line: "deadLetter(options, { writer, queued, failure });",
    instead: "",
  },
  {
    breaks: "isolation: a guilty record at the head is answered for twice",
    file: "runtime/attempts.ts",
    line: "if (part.length === 0) continue;",
    instead: "",
  },
  {
    breaks: "isolation: the first of several copies is taken for the guilty one",
    file: "runtime/attempts.ts",
    line: "return at < 0 || at !== items.findLastIndex(isNamed) ? undefined : at;",
    instead: "return at < 0 ? undefined : at;",
    world: { reused: 0.3, copies: 0.3 },
  },
  {
    breaks: "isolation: guilty records are singled out for longer than a drain may take",
    file: "runtime/attempts.ts",
    line: "if (options.signal.aborted) throw new Aborted();",
    instead: "",
    world: { reused: 0.3, latencyMs: 30 },
  },
  {
    breaks: "ending together: a round is over while a part of it has effects",
    file: "topology/together.ts",
    line: 'for (const ended of await Promise.allSettled(parts)) if (ended.status === "rejected") throw ended.reason;',
    instead: "await Promise.all(parts);",
    world: { latencyMs: 30, maxRound: 100, fetchMaxRecords: 500 },
  },
  {
    breaks: "told after durable: a refusal of the gate is told, and not written down",
    file: "topology/fakes/memory-database.ts",
    line: 'database.verdicts.set(reservationId, { kind: "refused", couponId, userId, reason, refusedAt });',
    instead: "",
  },
  {
    breaks: "compensation: a unit goes back and nobody is told",
    file: "topology/unwind.ts",
    line: "walk.emissions.push({ sink, value: project({ done, reason, undoneAt: around.now() }, walk.context) });",
    instead: "project({ done, reason, undoneAt: around.now() }, walk.context);",
  },
];

/** Breaks a mutant's line in every module this thread loads from now on. @throws Error where the line is not there once. */
export const loadBroken = ({ file, line, instead }: Mutant): void => {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (!url.startsWith("file:") || fileURLToPath(url) !== path) return loaded;
      const source = String(loaded.source);
      if (source.split(line).length !== 2) throw new Error(`expected once in ${file}, found otherwise: ${line}`);
      return { ...loaded, source: source.replace(line, () => instead) };
    },
  });
};

/** How a mutant fared: the first seed that caught it, and the promise it broke there; undefined where none did. */
export interface Caught {
  readonly breaks: string;
  /** Seeds that were run until it was caught, that one included. */
  readonly seeds: number;
  readonly caughtBy: number | undefined;
  readonly claim: string | undefined;
}

/** What a mutant's thread is given. */
export interface MutantTask {
  readonly mutant: Mutant;
  readonly from: number;
  /** Seeds to try, at most. */
  readonly seeds: number;
}

/** Runs seeds against a mutant until one catches it. @throws Error where its line is not there once. */
export const hunt = ({ mutant, from, seeds }: MutantTask): Promise<Caught> =>
  new Promise((resolve, reject) => {
    const task = mutant.seed === undefined ? { mutant, from, seeds } : { mutant, from: mutant.seed, seeds: 1 };
    const thread = new Worker(new URL("./mutant-thread.ts", import.meta.url), { workerData: task });
    thread.once("message", resolve);
    thread.once("error", reject);
  });
