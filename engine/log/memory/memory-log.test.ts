/** The log in memory: the contract of every log, and what only a test can ask for. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { type Clock, systemClock } from "../../clock.ts";
import { CommitRefused, type TopicPartition } from "../log.ts";
import { describeLogContract } from "../testing/log-contract.ts";
import { ContractMember, isOutOfRange, type MemberOptions } from "../testing/log-contract-member.ts";
import { type AppendFault, MemoryBroker, type MemoryBrokerOptions } from "./memory-log.ts";

// Deliveries take no time; what takes time is only what never happens: budgets and expiries.
describeLogContract("memory", async () => {
  const broker = new MemoryBroker({ clock: { now: Date.now, sleep: sleepNot } });
  return {
    connect: (name) => broker.client(name),
    createTopic: async (partitions) => {
      const topic = randomUUID();
      broker.createTopic(topic, partitions);
      return topic;
    },
    endOffset: async (at) => broker.endOffset(at),
    committed: async (groupId, at) => broker.committed(groupId, at),
    tooLargeBytes: 2_000_000,
    close: async () => {},
  };
});

async function sleepNot(ms: number, signal?: AbortSignal): Promise<void> {
  if (ms > 0) return systemClock.sleep(ms, signal);
  await new Promise((resolve) => setImmediate(resolve));
}

/** A clock that a test moves: sleepers wake in the order of their times. */
class ManualClock implements Clock {
  #nowMs = 0;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  readonly now = (): number => this.#nowMs;

  readonly sleep: Clock["sleep"] = (ms, signal) =>
    new Promise((resolve) => {
      const sleeper = { at: this.#nowMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      });
    });

  /** Moves on by `ms`, waking one sleeper after the other and letting each have its say. */
  async pass(ms: number): Promise<void> {
    const until = this.#nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#sleepers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > until) break;
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.at);
      next.wake();
    }
    this.#nowMs = until;
  }
}

const at: TopicPartition = { topic: "t", partition: 0 };
const records = (...texts: readonly string[]) => texts.map((text) => ({ key: null, value: Buffer.from(text) }));

const worldOf = (options: Partial<MemoryBrokerOptions> = {}, partitions = 1) => {
  const clock = new ManualClock();
  const broker = new MemoryBroker({ clock, ...options });
  broker.createTopic(at.topic, partitions);
  const join = async (name: string, memberOptions: MemberOptions = {}): Promise<ContractMember> => {
    const member = new ContractMember(memberOptions);
    const subscribed = member.subscribe(broker.client(name), "g", [at.topic]);
    await clock.pass(0);
    await subscribed;
    await clock.pass(0);
    return member;
  };
  const append = async (...texts: readonly string[]): Promise<void> => {
    const appended = broker.client("writer").append(at, records(...texts));
    await clock.pass(0);
    await appended;
  };
  return { clock, broker, join, append };
};
const textsOf = (member: ContractMember): readonly string[] => member.recordsOf(at).map(({ value }) => String(value));

test("memory log: takes the membership back when the drain takes longer than its budget", async () => {
  const { clock, broker, join } = worldOf({ drainBudgetMs: 1_000 }, 2);
  const stuck = await join("a", { onRevoking: () => new Promise(() => {}) });
  const other = await join("b");
  await clock.pass(999);
  assert.equal(other.count("assigned"), 0);
  await clock.pass(2);
  assert.equal(other.assigned?.length, 1);
  assert.equal(stuck.count("assigned"), 2);
  assert.equal(broker.generation("g"), 2);
});

test("memory log: delivers in batches of at most fetchMaxRecords", async () => {
  const { clock, join, append } = worldOf({ fetchMaxRecords: 2 });
  await append("a", "b", "c", "d", "e");
  const member = await join("a");
  await clock.pass(0);
  const sizes = member.told.flatMap((one) => (one.kind === "records" ? [one.records.length] : []));
  assert.deepEqual(sizes, [2, 2, 1]);
});

test("memory log: answers after the latency it was given", async () => {
  const { clock, broker } = worldOf({ latencyMs: (request) => (request === "append" ? 50 : 0) });
  let answered = false;
  void broker
    .client("w")
    .append(at, records("a"))
    .then(() => {
      answered = true;
    });
  await clock.pass(49);
  assert.equal(answered, false);
  await clock.pass(1);
  assert.equal(answered, true);
});

test("memory log: fails appends as the test says, before or after they were written", async () => {
  const { clock, broker } = worldOf();
  const faults: AppendFault[] = ["refused", "answer lost"];
  broker.failAppends(() => faults.shift());
  const ends = ["a", "b", "c"].map((text) => broker.client("w").append(at, records(text)));
  const [refused, lost, fine] = await Promise.all([Promise.allSettled(ends), clock.pass(0)]).then(([all]) => all);
  assert.deepEqual([refused?.status, lost?.status, fine?.status], ["rejected", "rejected", "fulfilled"]);
  assert.deepEqual(
    broker.records(at).map(({ value }) => String(value)),
    ["b", "c"],
  );
});

test("memory log: hands a crashed member's partitions on when its session has run out", async () => {
  const { clock, broker, join, append } = worldOf({ sessionTimeoutMs: 5_000 }, 2);
  const dead = await join("dead");
  const alive = await join("alive");
  broker.crash("dead");
  const heard = dead.told.length;
  await append("a");
  await clock.pass(4_999);
  assert.equal(alive.assigned?.length, 1);
  await clock.pass(1);
  assert.equal(alive.assigned?.length, 2);
  assert.deepEqual(textsOf(alive), ["a"]);
  assert.equal(dead.told.length, heard);
});

test("memory log: refuses the commits of a member that came back after it was given up", async () => {
  const { clock, broker, join, append } = worldOf({ sessionTimeoutMs: 5_000 });
  const refusals: unknown[] = [];
  const zombie = await join("zombie", {
    onRevoking: (self) =>
      self.subscription.commit([{ ...at, offset: 1n }]).catch((error: unknown) => void refusals.push(error)),
  });
  await append("a");
  await clock.pass(0);
  const heir = await join("heir");
  await clock.pass(0);
  const owner = zombie.assigned?.length === 1 ? { name: "zombie", member: zombie } : { name: "heir", member: heir };
  assert.equal(owner.name, "zombie");
  refusals.length = 0;
  broker.cutOff("zombie");
  const unreachable = assert.rejects(zombie.subscription.commit([{ ...at, offset: 1n }]), { code: "UNAVAILABLE" });
  await clock.pass(5_000);
  await unreachable;
  assert.deepEqual(heir.assigned, [at]);
  broker.reconnect("zombie");
  await clock.pass(0);
  assert.ok(refusals[0] instanceof CommitRefused);
  assert.equal(zombie.count("assigned"), 3);
});

test("memory log: keeps a member whose silence was shorter than its session", async () => {
  const { clock, broker, join, append } = worldOf({ sessionTimeoutMs: 5_000 });
  const member = await join("a");
  broker.cutOff("a");
  await append("x");
  await clock.pass(4_000);
  assert.deepEqual(textsOf(member), []);
  broker.reconnect("a");
  await clock.pass(4_000);
  assert.deepEqual(textsOf(member), ["x"]);
  assert.equal(member.count("assigned"), 1);
});

test("memory log: refuses a commit that was sent before a rebalance when it arrives after it", async () => {
  const { clock, broker, join, append } = worldOf({ latencyMs: (request) => (request === "commit" ? 50 : 0) });
  await append("a", "b");
  const member = await join("a");
  const late = assert.rejects(member.subscription.commit([{ ...at, offset: 2n }]), CommitRefused);
  broker.rebalance("g");
  await clock.pass(50);
  await late;
  assert.deepEqual(member.assigned, [at]);
  assert.equal(broker.committed("g", at), undefined);
});

test("memory log: assigns again when a member comes back that was silent while partitions were assigned", async () => {
  const { clock, broker, join } = worldOf({ sessionTimeoutMs: 5_000 }, 2);
  const early = await join("a", { onRevoking: () => clock.sleep(500) });
  const late = await join("b");
  broker.cutOff("b");
  await clock.pass(1_000);
  assert.equal(early.assigned?.length, 1);
  assert.equal(late.count("assigned"), 0);
  broker.reconnect("b");
  await clock.pass(1_000);
  assert.deepEqual([early.assigned?.length, late.assigned?.length], [1, 1]);
});

test("memory log: asks for the assignment back when a rebalance is forced", async () => {
  const { clock, broker, join } = worldOf();
  const member = await join("a");
  broker.rebalance("g");
  await clock.pass(0);
  assert.deepEqual(
    member.told.map(({ kind }) => kind),
    ["assigned", "revoking", "revoked", "assigned"],
  );
});

test("memory log: fails the subscription when the committed offset has been deleted", async () => {
  const { clock, broker, join, append } = worldOf();
  await append("a", "b", "c");
  const first = await join("a");
  const committed = first.subscription.commit([{ ...at, offset: 1n }]);
  await clock.pass(0);
  await committed;
  const stopped = first.subscription.stop();
  await clock.pass(0);
  await stopped;
  broker.deleteBefore(at, 2n);
  const second = await join("b");
  await clock.pass(0);
  const failure = second.told.find((one) => one.kind === "failed");
  assert.ok(isOutOfRange(failure?.error));
  assert.match(failure?.error.message ?? "", /t\/0.*next offset is 1.*2 up to 3/);
  assert.deepEqual(textsOf(second), []);
});

test("memory log: starts at the first record there is when the group has committed nothing", async () => {
  const { clock, broker, join, append } = worldOf();
  await append("a", "b", "c");
  broker.deleteBefore(at, 2n);
  const member = await join("a");
  await clock.pass(0);
  assert.deepEqual(textsOf(member), ["c"]);
});

test("memory log: runs the same way when run again", async () => {
  const run = async (): Promise<readonly string[]> => {
    const { clock, broker, join, append } = worldOf({ fetchMaxRecords: 3, latencyMs: () => 7 }, 3);
    const told: string[] = [];
    const members = [
      join("a", { onRecords: (_, from, got) => told.push(`a ${from.partition} ${got.length}`) }),
      join("b"),
    ];
    void append("1", "2", "3", "4");
    await clock.pass(100);
    broker.rebalance("g");
    await clock.pass(100);
    for (const member of await Promise.all(members)) told.push(...member.told.map(({ kind }) => kind));
    return told;
  };
  assert.deepEqual(await run(), await run());
});
