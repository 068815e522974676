/** The same code with one line broken: each mutant is a mistake that one could make, and some seed must catch it. */
import type { Mutant } from "../mutant.ts";
import { paymentMutants } from "../payments/mutants.ts";
import { feedMutants } from "./feed-mutants.ts";
import type { Scenario } from "./scenario.ts";

/** The gate is restored again and again, and partitions go from hand to hand meanwhile. */
const restless: Partial<Scenario> = {
  ...{ profile: "flushed", upkeepMs: 100, coupons: 2, requests: 160, latencyMs: 30, stormMs: 6_000 },
  incidents: Array.from({ length: 60 }, (_, n) => ({
    kind: n % 10 === 9 ? "restore" : "rebalance",
    ...{ atMs: n * 97, forMs: 400, place: 0 },
  })),
};

/** Partitions go from hand to hand all the time, and take-overs arrive in the wrong order. */
const contested: Partial<Scenario> = {
  ...{ profile: "overlapping", latencyMs: 30, workers: 3 },
  incidents: Array.from({ length: 30 }, (_, n) => ({ kind: "rebalance", atMs: n * 180, forMs: 0, place: 0 })),
};

/** Records are given up on in doubt again and again, while their letters cannot be written and workers come and go. */
const doubtful: Partial<Scenario> = {
  ...{
    profile: "orderly",
    coupons: 8,
    requests: 80,
    copies: 0,
    poison: 0,
    maxAttempts: 2,
    maxRound: 4,
    latencyMs: 5,
    replays: 0,
  },
  faults: { refused: 0.1, answerLost: 0, deadlock: 0.4, late: 0, slow: 0, crash: 0.01 },
  outages: Array.from({ length: 8 }, (_, n) => ({ service: "kafka", fromMs: n * 500, untilMs: n * 500 + 300 })),
  incidents: Array.from({ length: 12 }, (_, n) => ({ kind: "kill", atMs: n * 300, forMs: 100, place: n })),
};

/** The same in large rounds, which are drained while records are singled out. */
const drained: Partial<Scenario> = {
  ...doubtful,
  ...{ coupons: 20, requests: 120, maxRound: 100, fetchMaxRecords: 500 },
  incidents: Array.from({ length: 30 }, (_, n) => ({ kind: "rebalance", atMs: n * 150, forMs: 0, place: 0 })),
};

/** What a world of coupons must notice. */
export const couponMutants: readonly Mutant[] = [
  {
    kind: "coupons",
    breaks: "low-water mark: any finished record moves it",
    file: "engine/worker/offsets/ledger.ts",
    line: "while (head < entries.length && entries[head]?.finished) head++;",
    instead: "if (head < entries.length) head++;",
  },
  {
    kind: "coupons",
    breaks: "release guard: gives back what is not held",
    seed: 187,
    file: "processors/memory/memory-coupon-stock.ts",
    line: "if (counter?.marks.delete(reservationId) !== true) return;",
    instead: "if (counter === undefined) return;",
  },
  {
    kind: "coupons",
    breaks: "same id means done: a redelivery counts as a duplicate",
    file: "processors/coupons/allocate-coupons.ts",
    line: "if (verdict !== undefined) return repeat(issue, verdict, round);",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "the database's own word: one unit more than there are, when the gate agrees",
    seed: 73,
    file: "processors/coupons/allocate-coupons.ts",
    line: "if (left <= 0) {",
    instead: "if (left < 0) {",
    world: { profile: "flushed" },
  },
  {
    kind: "coupons",
    breaks: "one each: a user may have two, when the gate forgot",
    seed: 37,
    file: "processors/coupons/allocate-coupons.ts",
    line: "if (isHolder(issue, round)) {",
    instead: "if (round.issued.length < 0) {",
  },
  {
    kind: "coupons",
    breaks: "one verdict for ever: a refusal is written over the verdict",
    file: "processors/memory/memory-database.ts",
    line: "if (stored === undefined) {",
    instead: "if (stored?.kind !== undefined || stored === undefined) {",
  },
  {
    kind: "coupons",
    breaks: "drain on revoke: partitions are given back at once",
    seed: 9,
    file: "engine/worker/assignment.ts",
    line: "await Promise.all([...leaving.sources.values()].map(({ partition }) => partition.drain()));",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "lease check: the database writes for every caller",
    seed: 5,
    file: "processors/memory/memory-database.ts",
    line: "if (fence !== undefined && found !== fence.epoch) throw new Fenced(fence, found);",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "lease check: the gate serves every caller",
    seed: 31,
    file: "processors/memory/memory-coupon-stock.ts",
    line: "counter.epoch > fence.epoch",
    instead: "false",
  },
  {
    kind: "coupons",
    breaks: "lease check: the gate forgets which epoch it has seen",
    seed: 31,
    file: "processors/memory/memory-coupon-stock.ts",
    line: "counter.epoch = fence.epoch;",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "lease check: who was refused takes the lease again without asking the group",
    seed: 17,
    file: "engine/worker/partition/lease-guard.ts",
    line: "renewing ??= prove()",
    instead: "renewing ??= Promise.resolve()",
  },
  {
    kind: "coupons",
    breaks: "lease check: who was refused never takes the lease again",
    world: contested,
    file: "engine/worker/partition/lease-guard.ts",
    line: "throw (await renew(error)) ?? error;",
    instead: "throw error;",
  },
  {
    kind: "coupons",
    breaks: "lease check: rounds begin before the lease is taken",
    file: "engine/worker/partition/partition.ts",
    line: "lease.acquire(attempt).then(() => {",
    instead: "(lease.acquire(attempt).catch(() => {}), Promise.resolve()).then(() => {",
  },
  {
    kind: "coupons",
    breaks: "reconciling: a repair runs beside rounds of its coupon",
    seed: 61,
    file: "engine/worker/partition/lanes.ts",
    line: "return !busy.has(lane);",
    instead: "return true;",
  },
  {
    kind: "coupons",
    breaks: "turns: a round that runs ahead waits for nobody",
    file: "engine/worker/partition/turns.ts",
    line: "return come === undefined ? begin() : come.then(begin);",
    instead: "return begin();",
  },
  {
    kind: "coupons",
    breaks: "lanes: a round that ends frees its keys for others than the one behind it",
    file: "engine/worker/partition/lanes.ts",
    line: "else busy.delete(lane);",
    instead: "busy.delete(lane);",
  },
  {
    kind: "coupons",
    breaks: "settling: marks are dropped before the database has decided",
    file: "processors/coupons/write-through.ts",
    line: "const { answers, remaining } = await book.issue(reserved.map(toIssue));",
    instead:
      "await stock.settle(new Map(reserved.map(({ value }) => [value.request.couponId, 0])));\n    const { answers, remaining } = await book.issue(reserved.map(toIssue));",
  },
  {
    kind: "coupons",
    breaks: "settling: marks are never dropped",
    file: "processors/memory/memory-coupon-stock.ts",
    line: "counter.marks.clear();",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "settling: the counter stays as it was",
    file: "processors/memory/memory-coupon-stock.ts",
    line: "counter.left = left;",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "settling: the gate says that all is sold out while units are in flight",
    file: "processors/memory/memory-coupon-stock.ts",
    line: 'if (counter.left <= 0) return counter.marks.size > 0 ? "unsure" : "none";',
    instead: 'if (counter.left <= 0) return "none";',
  },
  {
    kind: "coupons",
    breaks: "refusing: who has the coupon is told that it is sold out",
    file: "processors/memory/memory-database.ts",
    line: 'return isDuplicate ? { ...refusal, reason: "DUPLICATE" } : refusal;',
    instead: "return refusal;",
  },
  {
    kind: "coupons",
    breaks: "reconciling: the counter is set to what the database does not say",
    file: "processors/coupons/reconcile-coupons.ts",
    line: "return { couponId, seen: counter.left, left: remaining };",
    world: restless,
    instead: "return { couponId, seen: counter.left, left: remaining + 1 };",
  },
  {
    kind: "coupons",
    breaks: "reconciling: a counter that differs is left unchanged",
    seed: 55,
    file: "processors/coupons/reconcile-coupons.ts",
    line: "return counter !== undefined && differs(counter, should);",
    instead: "return false;",
  },
  {
    kind: "coupons",
    breaks: "reconciling: a drain waits for no repair",
    file: "engine/worker/partition/exclusive.ts",
    line: "if (next !== undefined) partition.track(begin(lane, next));",
    instead: "if (next !== undefined) void begin(lane, next);",
    world: restless,
  },
  {
    kind: "coupons",
    breaks: "attaching: a round that failed counts as one that came to its end",
    seed: 89,
    file: "engine/worker/partition/round-tracker.ts",
    line: "return false;",
    instead: "return true;",
  },
  {
    kind: "coupons",
    breaks: "registry: an id that is not there yet is given up on",
    file: "engine/avro/learn.ts",
    line: 'entry.askedAt - entry.since >= graceOf(entry) ? "unknown" : "awaited";',
    instead: 'entry.since > 0 ? "unknown" : "awaited";',
  },
  {
    kind: "coupons",
    breaks: "registry: while it is away, what it would say is not waited for",
    file: "engine/avro/learn.ts",
    line: 'if (answer.kind === "away") return last === undefined ? answer.why : verdictOn(last);',
    instead: 'if (answer.kind === "away") return "unknown";',
  },
  {
    kind: "coupons",
    breaks: "own mark: a redelivery finds its unit taken by another",
    file: "processors/memory/memory-coupon-stock.ts",
    line: 'if (counter.marks.has(reservationId)) return "taken";',
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "acknowledgement: finished before what it wrote is in the log",
    file: "engine/worker/round/pipeline.ts",
    line: "await acknowledged; options.finished(left, bytes);",
    instead: "acknowledged.catch(() => {}); options.finished(left, bytes);",
  },
  {
    kind: "coupons",
    breaks: "append again: one that failed counts as written",
    file: "engine/log/producer/accumulator.ts",
    line: "await this.#wait(failures, batch, error);",
    instead: "return this.#settle(batch);",
  },
  {
    kind: "coupons",
    breaks: "lanes: a key may be in two rounds at once",
    file: "engine/worker/partition/lanes.ts",
    line: "if (isKept(record.lane)) rest.push(record);",
    instead: "if (false) rest.push(record);",
  },
  {
    kind: "coupons",
    breaks: "holding: an outage uses up attempts",
    file: "engine/worker/failures/attempts.ts",
    line: 'observe?.({ kind: "holding", call: name, error, failures: ++holds, ...traceOf(items) });',
    instead: "if (++misses >= maxAttempts) return { ok: false, error };",
  },
  {
    kind: "coupons",
    breaks: "dead letters: what cannot be read is skipped",
    file: "engine/worker/round/decide.ts",
    line: "writer.add(deadLetterTopic(deciding.topology), letterOf(deciding, queued, failure), queued);",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "isolation: a guilty record at the head is answered for twice",
    file: "engine/worker/failures/attempts.ts",
    line: "if (part.length === 0) continue;",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "isolation: guilty records are singled out for longer than a drain may take",
    file: "engine/worker/failures/attempts.ts",
    line: "if (options.signal.aborted) throw new Aborted();",
    instead: "",
    world: { reused: 0.3, latencyMs: 30 },
  },
  {
    kind: "coupons",
    breaks: "given up: what is behind a record of its lane is tried before its letter is written",
    world: drained,
    file: "engine/interpreter/behind.ts",
    line: "kept.add(lane);",
    instead: "kept.delete(lane);",
  },
  {
    kind: "coupons",
    breaks: "given up: the lane of a record goes on before its letter is written",
    world: doubtful,
    file: "engine/worker/round/pipeline.ts",
    line: "if (decision.inDoubt) await acknowledged;",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "ending together: a round is over while a part of it has effects",
    seed: 69,
    file: "engine/interpreter/together.ts",
    line: 'for (const ended of await Promise.allSettled(parts)) if (ended.status === "rejected") throw ended.reason;',
    instead: "await Promise.all(parts);",
    world: { latencyMs: 30, maxRound: 100, fetchMaxRecords: 500 },
  },
  {
    kind: "coupons",
    breaks: "published after durable: a refusal of the gate is published, and not written",
    file: "processors/memory/memory-database.ts",
    line: 'database.verdicts.set(reservationId, { kind: "refused", couponId, userId, reason, refusedAt });',
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "compensation: a unit goes back and nothing is published",
    file: "engine/interpreter/unwind.ts",
    line: "emit(record, emissionOf(environment, sink, { value, context: record.context }));",
    instead: "emissionOf(environment, sink, { value, context: record.context });",
  },
];

/** Every mutant, of all worlds. */
export const mutants: readonly Mutant[] = [...couponMutants, ...feedMutants, ...paymentMutants];
