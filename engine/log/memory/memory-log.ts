/**
 * A log in memory, for tests, the simulator and systems in one process: topics, groups, rebalances and commits behave as a broker's; time is a
 * parameter, and nothing here draws a random number. One MemoryBroker is the cluster, one client is a process.
 */
import { Fatal, Unavailable } from "../../errors.ts";
import type { Clock } from "../../clock.ts";
import {
  type Log,
  type LogRecord,
  type NewRecord,
  type Subscription,
  type TopicPartition,
  partitionName,
} from "../log.ts";
import { MemoryGroup } from "./memory-log-group.ts";
import { Member } from "./memory-log-member.ts";
import { MemoryPartition } from "./memory-log-topic.ts";

/** Requests whose answers take time. */
export type MemoryRequest = "append" | "fetch" | "commit";

/** What becomes of an append: never written; written, but the answer is lost. */
export type AppendFault = "refused" | "answer lost";

/** How a broker in memory behaves. */
export interface MemoryBrokerOptions {
  readonly clock: Clock;
  /** ms until a request is answered; default 0. Called once a request, so a seeded one gives a seeded run. */
  readonly latencyMs?: (request: MemoryRequest) => number;
  /** Records in one delivery, at most; default 500. */
  readonly fetchMaxRecords?: number;
  /** Time for `revoking`; default 10 s. */
  readonly drainBudgetMs?: number;
  /** Until a silent member is given up on; default 30 s. */
  readonly sessionTimeoutMs?: number;
  /** Keys, values and headers of one append; default 1,048,588, a broker's message.max.bytes. */
  readonly maxAppendBytes?: number;
}

/** The cluster. */
export class MemoryBroker {
  readonly #options: Required<MemoryBrokerOptions>;
  readonly #topics = new Map<string, readonly MemoryPartition[]>();
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #clients = new Map<string, MemoryClient>();
  #fault: (to: TopicPartition, records: readonly NewRecord[]) => AppendFault | undefined = () => undefined;

  constructor(options: MemoryBrokerOptions) {
    this.#options = {
      latencyMs: () => 0,
      fetchMaxRecords: 500,
      drainBudgetMs: 10_000,
      sessionTimeoutMs: 30_000,
      maxAppendBytes: 1_048_588,
      ...options,
    };
  }

  createTopic(topic: string, partitions: number): void {
    this.#topics.set(
      topic,
      Array.from({ length: partitions }, () => new MemoryPartition()),
    );
  }

  /** Adds partitions to a topic, as an operator may; members hear of it at the next rebalance. */
  growTopic(topic: string, partitions: number): void {
    const known = this.#partitions(topic);
    const more = Array.from({ length: partitions - known.length }, () => new MemoryPartition());
    this.#topics.set(topic, [...known, ...more]);
  }

  /** The log as one process sees it. Asking twice for a name gives the same process; after a crash a new one. */
  client(name: string): Log {
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const made = new MemoryClient(name, {
      options: this.#options,
      partition: (at) => this.#partition(at),
      partitionCount: (topic) => this.#partitions(topic).length,
      group: (groupId) => this.#group(groupId),
      append: (to, records) => this.#append(to, records),
    });
    this.#clients.set(name, made);
    return made;
  }

  /** Everything there is in a partition. */
  records(at: TopicPartition): readonly LogRecord[] {
    return this.#partition(at).records;
  }

  endOffset(at: TopicPartition): bigint {
    return this.#partition(at).endOffset;
  }

  committed(groupId: string, at: TopicPartition): bigint | undefined {
    return this.#group(groupId).committed(at);
  }

  /** Who has what, by client. */
  assignments(groupId: string): ReadonlyMap<string, readonly TopicPartition[]> {
    return new Map(this.#group(groupId).members.map(({ id, assigned }) => [id, assigned]));
  }

  /** How often the group's partitions were assigned. */
  generation(groupId: string): number {
    return this.#group(groupId).generation;
  }

  rebalance(groupId: string): void {
    this.#group(groupId).rebalance();
  }

  /** Decides about every append to come; `undefined` lets it through. */
  failAppends(fault: (to: TopicPartition, records: readonly NewRecord[]) => AppendFault | undefined): void {
    this.#fault = fault;
  }

  /** Deletes what is before `offset`, as retention does. */
  deleteBefore(at: TopicPartition, offset: bigint): void {
    this.#partition(at).deleteBefore(offset);
  }

  /** The process is gone: it hears nothing, nothing it asked for is answered, its memberships expire. */
  crash(name: string): void {
    this.#clients.get(name)?.silence("crashed");
    this.#clients.delete(name);
  }

  /** The process lives, but reaches no broker: its requests fail, its memberships expire. */
  cutOff(name: string): void {
    this.#clients.get(name)?.silence("cut off");
  }

  /** Ends `cutOff`: memberships that have expired join again, as a member does that the broker does not know. */
  reconnect(name: string): void {
    this.#clients.get(name)?.reconnect();
  }

  #append(to: TopicPartition, records: readonly NewRecord[]): bigint | undefined {
    const fault = this.#fault(to, records);
    if (fault === "refused") throw new Unavailable("kafka", "the append was refused");
    const { clock, maxAppendBytes: maxBytes } = this.#options;
    const first = this.#partition(to).append(records, { timestampMs: clock.now(), maxBytes });
    for (const group of this.#groups.values()) for (const member of group.members) member.pump(to);
    if (fault === "answer lost") throw new Unavailable("kafka", "the answer to an append was lost");
    return first;
  }

  #partitions(topic: string): readonly MemoryPartition[] {
    const partitions = this.#topics.get(topic);
    if (partitions === undefined) throw new Fatal("TOPIC_MISSING", `topic ${topic} does not exist`);
    return partitions;
  }

  #partition(at: TopicPartition): MemoryPartition {
    const found = this.#partitions(at.topic)[at.partition];
    if (found === undefined) throw new Fatal("TOPIC_MISSING", `partition ${partitionName(at)} does not exist`);
    return found;
  }

  #group(groupId: string): MemoryGroup {
    const known = this.#groups.get(groupId);
    if (known !== undefined) return known;
    const made = new MemoryGroup(this.#options.clock, (topic) => this.#partitions(topic).length);
    this.#groups.set(groupId, made);
    return made;
  }
}

/** What a client reaches of the cluster. */
interface Reach {
  readonly options: Required<MemoryBrokerOptions>;
  readonly partition: (at: TopicPartition) => MemoryPartition;
  readonly partitionCount: (topic: string) => number;
  readonly group: (groupId: string) => MemoryGroup;
  readonly append: (to: TopicPartition, records: readonly NewRecord[]) => bigint | undefined;
}

/** One process. */
class MemoryClient implements Log {
  readonly #name: string;
  readonly #reach: Reach;
  readonly #memberships = new Map<Member, { readonly group: MemoryGroup; readonly stop: () => Promise<void> }>();
  #state: "connected" | "cut off" | "crashed" = "connected";

  constructor(name: string, reach: Reach) {
    this.#name = name;
    this.#reach = reach;
  }

  readonly partitionCount: Log["partitionCount"] = (topic) =>
    this.#request("fetch", () => this.#reach.partitionCount(topic));

  readonly append: Log["append"] = (to, records) => this.#request("append", () => this.#reach.append(to, records));

  readonly subscribe: Log["subscribe"] = async ({ groupId, topics }, listener) => {
    for (const topic of topics) await this.partitionCount(topic);
    const { clock, drainBudgetMs, fetchMaxRecords, latencyMs } = this.#reach.options;
    const group = this.#reach.group(groupId);
    const member = new Member(
      { id: this.#name, groupId, topics, listener },
      {
        clock,
        drainBudgetMs,
        fetchMaxRecords,
        fetchLatencyMs: () => latencyMs("fetch"),
        partitionOf: this.#reach.partition,
        committed: (at) => group.committed(at),
      },
    );
    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> => {
      stopping ??= this.#leave(member, group);
      return stopping;
    };
    this.#memberships.set(member, { group, stop });
    void clock.sleep(latencyMs("fetch")).then(() => this.#join(member, group));
    return this.#subscriptionOf(member, group, stop);
  };

  readonly close: Log["close"] = async () => {
    await Promise.all([...this.#memberships.values()].map(({ stop }) => stop()));
  };

  silence(state: "cut off" | "crashed"): void {
    this.#state = state;
    for (const [member, { group }] of this.#memberships) group.silence(member, this.#reach.options.sessionTimeoutMs);
  }

  reconnect(): void {
    if (this.#state !== "cut off") return;
    this.#state = "connected";
    for (const [member, { group }] of this.#memberships) {
      member.silent = false;
      member.expiry = undefined;
      if (!group.members.includes(member)) void member.giveBack().then(() => this.#join(member, group));
      // Partitions that were assigned while it could not hear it would have no owner.
      else if (!member.holds) group.rebalance();
      else for (const at of member.assigned) member.pump(at);
    }
  }

  #join(member: Member, group: MemoryGroup): void {
    if (this.#state === "connected" && this.#memberships.has(member)) group.join(member);
  }

  #subscriptionOf(member: Member, group: MemoryGroup, stop: () => Promise<void>): Subscription {
    return {
      commit: (offsets) => {
        const { term } = member;
        return this.#request("commit", () => group.commit(member, offsets, term));
      },
      pause: (at) => member.pause(at),
      resume: (at) => member.resume(at),
      positions: () => this.#request("fetch", () => member.positions()),
      trouble: () => undefined,
      stop,
    };
  }

  async #leave(member: Member, group: MemoryGroup): Promise<void> {
    await member.giveBack();
    member.end();
    this.#memberships.delete(member);
    if (this.#state === "connected") group.leave(member);
  }

  /** A request arrives after its latency and is answered at once, if the process can still be reached. */
  async #request<T>(request: MemoryRequest, arrive: () => T): Promise<T> {
    const { clock, latencyMs } = this.#reach.options;
    await clock.sleep(latencyMs(request));
    if (this.#state === "crashed") return new Promise<never>(() => {});
    if (this.#state === "cut off") throw new Unavailable("kafka", `${this.#name} reaches no broker`);
    return arrive();
  }
}
