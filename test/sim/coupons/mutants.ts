/** The same code with one line broken: each mutant is a mistake that somebody could make, and some seed must catch it. */
import type { Mutant } from "../mutant.ts";
import { paymentMutants } from "../payments/mutants.ts";
import type { Scenario } from "./scenario.ts";

/** The gate is restored again and again, and partitions go from hand to hand meanwhile. */
const restless: Partial<Scenario> = {
  ...{ profile: "flushed", upkeepMs: 100, coupons: 2, requests: 160, latencyMs: 30, stormMs: 6_000 },
  incidents: Array.from({ length: 60 }, (_, n) => ({
    kind: n % 10 === 9 ? "restore" : "rebalance",
    ...{ atMs: n * 97, forMs: 400, worker: 0 },
  })),
};

/** What a world of coupons must notice. */
export const couponMutants: readonly Mutant[] = [
  {
    kind: "coupons",
    breaks: "low-water mark: any finished record moves it",
    file: "engine/worker/partition/ledger.ts",
    line: "while (head < entries.length && entries[head]?.finished) head++;",
    instead: "if (head < entries.length) head++;",
  },
  {
    kind: "coupons",
    breaks: "release guard: gives back what is not held",
    file: "processors/testing/memory-coupon-stock.ts",
    line: "if (counter?.marks.get(userId) !== reservationId) return;",
    instead: "if (counter === undefined) return;",
  },
  {
    kind: "coupons",
    breaks: "same id means done: a redelivery counts as a duplicate",
    file: "processors/coupons/allocate-coupons.ts",
    line: "if (verdict !== undefined) return repeat(issue, verdict);",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "the database's own word: one unit more than there are, when the gate agrees",
    file: "processors/coupons/allocate-coupons.ts",
    line: "if (left > 0) return grant(issue, left);",
    instead: "if (left >= 0) return grant(issue, left);",
    world: { profile: "flushed" },
  },
  {
    kind: "coupons",
    breaks: "one each: a user may have two, when the gate forgot",
    file: "processors/coupons/allocate-coupons.ts",
    line: "if (holders.has(holderKey(issue.couponId, issue.userId))) {",
    instead: "if (holders.size < 0) {",
  },
  {
    kind: "coupons",
    breaks: "one verdict for ever: a refusal is written over what stands",
    file: "processors/testing/memory-database.ts",
    line: "if (standing === undefined) {",
    instead: "if (standing?.kind !== undefined || standing === undefined) {",
  },
  {
    kind: "coupons",
    breaks: "drain on revoke: partitions are given back at once",
    file: "engine/worker/assignment.ts",
    line: "await Promise.all([...leaving.values()].map(({ partition }) => partition.drain()));",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "lease check: the database writes for whoever asks",
    file: "processors/testing/memory-database.ts",
    line: "if (fence !== undefined && found !== fence.epoch) throw new Fenced(fence, found);",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "lease check: the gate serves whoever asks",
    file: "processors/testing/memory-coupon-stock.ts",
    line: "if (counter.epoch > fence.epoch) throw new Fenced(fence, counter.epoch);",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "lease check: the gate forgets which epoch it has seen",
    file: "processors/testing/memory-coupon-stock.ts",
    line: "counter.epoch = fence.epoch;",
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "lease check: who was refused takes the lease again without asking the group",
    file: "engine/worker/partition/lease-guard.ts",
    line: "renewing ??= prove()",
    instead: "renewing ??= Promise.resolve()",
  },
  {
    kind: "coupons",
    breaks: "lease check: who was refused never takes the lease again",
    file: "engine/worker/partition/lease-guard.ts",
    line: "throw (await renew()) ?? error;",
    instead: "throw error;",
  },
  {
    kind: "coupons",
    breaks: "lease check: rounds begin before the lease is taken",
    file: "engine/worker/partition/partition.ts",
    line: "const opening = options.lease.acquire(tries.unguarded).then(() => {",
    instead:
      "options.lease.acquire(tries.unguarded).catch(() => {});\n  const opening = Promise.resolve().then(() => {",
  },
  {
    kind: "coupons",
    breaks: "reconciling: a repair runs beside rounds of its coupon",
    file: "engine/worker/partition/lanes.ts",
    line: "return !busy.has(lane);",
    instead: "return true;",
  },
  {
    kind: "coupons",
    breaks: "reconciling: marks of issued coupons are dropped",
    file: "processors/coupons/reconcile-coupons.ts",
    line: 'return verdict?.kind === "issued" && verdict.couponId === couponId && verdict.userId === mark.userId;',
    instead: "return false;",
  },
  {
    kind: "coupons",
    breaks: "reconciling: the counter is set to what the database does not say",
    file: "processors/coupons/reconcile-coupons.ts",
    line: "return seen === remaining && drop.length === 0 ? undefined : { couponId, seen, left: remaining, drop };",
    world: restless,
    instead:
      "return seen === remaining && drop.length === 0 ? undefined : { couponId, seen, left: remaining + 1, drop };",
  },
  {
    kind: "coupons",
    breaks: "reconciling: a counter that differs is left alone",
    file: "processors/coupons/reconcile-coupons.ts",
    line: "return should === undefined || should === left ? [] : [couponId];",
    instead: "return [];",
  },
  {
    kind: "coupons",
    breaks: "reconciling: whoever drains waits for no repair",
    file: "engine/worker/partition/exclusive.ts",
    line: "if (next !== undefined) partition.track(begin(lane, next));",
    instead: "if (next !== undefined) void begin(lane, next);",
    world: restless,
  },
  {
    kind: "coupons",
    breaks: "attaching: a round that failed counts as one that came to its end",
    file: "engine/worker/partition/round-tracker.ts",
    line: "return false;",
    instead: "return true;",
  },
  {
    kind: "coupons",
    breaks: "registry: an id that is not there yet is given up on",
    file: "engine/avro/codec.ts",
    line: 'askedAt - since >= unknownIdGraceMs ? "unknown" : "unavailable";',
    instead: 'since > 0 ? "unknown" : "unavailable";',
  },
  {
    kind: "coupons",
    breaks: "registry: while it is away, what it would say is not waited for",
    file: "engine/worker/round/read-round.ts",
    line: "if (away !== undefined) throw",
    instead: "if (false) throw",
  },
  {
    kind: "coupons",
    breaks: "own mark: a redelivery finds its unit taken by another",
    file: "processors/testing/memory-coupon-stock.ts",
    line: 'if (holder !== undefined) return holder === reservationId ? "taken" : "heldByOther";',
    instead: 'if (holder !== undefined) return "heldByOther";',
  },
  {
    kind: "coupons",
    breaks: "acknowledgement: finished before what it wrote is in the log",
    file: "engine/worker/partition/partition.ts",
    line: "await tries.acknowledged(own.length, acknowledged);",
    instead: "acknowledged.catch(() => {});",
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
    line: 'observe?.({ kind: "holding", call: call.name, error, failures: ++holds });',
    instead: "if (++misses >= maxAttempts) return { ok: false, error };",
  },
  {
    kind: "coupons",
    breaks: "dead letters: what cannot be read is skipped",
    file: "engine/worker/round/decide.ts",
    line: "writer.add(deadLetterTopic(options.topology), letterOf(options, queued, failure), queued);",
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
    breaks: "isolation: the first of several copies is taken for the guilty one",
    file: "engine/worker/failures/attempts.ts",
    line: "return at < 0 || at !== items.findLastIndex(isNamed) ? undefined : at;",
    instead: "return at < 0 ? undefined : at;",
    world: { reused: 0.3, copies: 0.3 },
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
    breaks: "ending together: a round is over while a part of it has effects",
    file: "engine/interpreter/together.ts",
    line: 'for (const ended of await Promise.allSettled(parts)) if (ended.status === "rejected") throw ended.reason;',
    instead: "await Promise.all(parts);",
    world: { latencyMs: 30, maxRound: 100, fetchMaxRecords: 500 },
  },
  {
    kind: "coupons",
    breaks: "told after durable: a refusal of the gate is told, and not written down",
    file: "processors/testing/memory-database.ts",
    line: 'database.verdicts.set(reservationId, { kind: "refused", couponId, userId, reason, refusedAt });',
    instead: "",
  },
  {
    kind: "coupons",
    breaks: "compensation: a unit goes back and nobody is told",
    file: "engine/interpreter/unwind.ts",
    line: "walk.emissions.push({ sink, value: project({ done, reason, undoneAt: around.now() }, walk.context) });",
    instead: "project({ done, reason, undoneAt: around.now() }, walk.context);",
  },
];

/** Every mutant, of all worlds. */
export const mutants: readonly Mutant[] = [...couponMutants, ...paymentMutants];
