/** A membership of the log in memory: what it is assigned, how far it has read, and whether its process still lives. */
import type { Clock } from "../../clock.ts";
import { type LogListener, OffsetOutOfRange, type Position, type TopicPartition, partitionName } from "../log.ts";
import type { MemoryPartition } from "./memory-log-topic.ts";

/** What a member needs of the log. */
export interface MemberWorld {
  readonly clock: Clock;
  readonly drainBudgetMs: number;
  readonly fetchMaxRecords: number;
  /** ms until a fetch is answered. */
  readonly fetchLatencyMs: () => number;
  readonly partitionOf: (at: TopicPartition) => MemoryPartition;
  /** The next offset to read that the group has committed. */
  readonly committed: (at: TopicPartition) => bigint | undefined;
}

/** How a member is made. */
export interface MemberSpec {
  readonly id: string;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly listener: LogListener;
}

interface Reading {
  readonly at: TopicPartition;
  readonly source: MemoryPartition;
  next: bigint;
  fetching: boolean;
  /** Nothing is committed and nothing was delivered: then the start of the log is wherever it is. */
  untouched: boolean;
}

/** One member of a group. */
export class Member {
  readonly id: string;
  readonly topics: readonly string[];
  readonly #world: MemberWorld;
  readonly #spec: MemberSpec;
  #reading: ReadonlyMap<string, Reading> | undefined;
  #delivering = false;
  #givingBack: Promise<void> | undefined;
  readonly #paused = new Set<string>();
  /** Nothing reaches its listener any more: the process is dead, or cut off from the broker. */
  silent = false;
  /** Resolves when the group has stopped waiting for a silent member. */
  expiry: Promise<void> | undefined;
  #ended = false;

  constructor(spec: MemberSpec, world: MemberWorld) {
    this.id = spec.id;
    this.topics = spec.topics;
    this.#spec = spec;
    this.#world = world;
  }

  /** What it may commit. */
  owns(at: TopicPartition): boolean {
    return this.#reading?.has(partitionName(at)) ?? false;
  }

  /** Another one for every assignment; equal as long as it is the same. */
  get term(): unknown {
    return this.#reading;
  }

  /** True from being assigned partitions, even none, to having given them back. */
  get holds(): boolean {
    return this.#reading !== undefined;
  }

  get assigned(): readonly TopicPartition[] {
    return [...(this.#reading?.values() ?? [])].map(({ at }) => at);
  }

  assign(partitions: readonly TopicPartition[]): void {
    if (this.silent || this.#ended) return;
    this.#paused.clear();
    this.#reading = new Map(partitions.map((at) => [partitionName(at), this.#readingOf(at)]));
    this.#delivering = true;
    this.#spec.listener.assigned(partitions);
    for (const at of partitions) this.pump(at);
  }

  /** Has the listener drain and let go, within the budget. What is not assigned need not be given back. */
  giveBack(): Promise<void> {
    if (this.#reading === undefined || this.#ended) return Promise.resolve();
    this.#givingBack ??= this.#drain().finally(() => {
      this.#givingBack = undefined;
    });
    return this.#givingBack;
  }

  /** Nothing is delivered any more. */
  end(): void {
    this.#ended = true;
    this.#delivering = false;
    this.#reading = undefined;
  }

  fail(error: Error): void {
    this.#delivering = false;
    this.#spec.listener.failed(error);
  }

  pause(at: TopicPartition): void {
    this.#paused.add(partitionName(at));
  }

  resume(at: TopicPartition): void {
    if (this.#paused.delete(partitionName(at))) this.pump(at);
  }

  /** Where it stands in what it is assigned. */
  positions(): ReadonlyMap<string, Position> {
    const reading = this.#reading?.entries() ?? [];
    return new Map([...reading].map(([name, { next, source }]) => [name, { next, end: source.endOffset }]));
  }

  /** Fetches from a partition that may have something to read. */
  pump(at: TopicPartition): void {
    const reading = this.#reading?.get(partitionName(at));
    if (reading === undefined || reading.fetching || !this.#mayDeliver(reading)) return;
    if (reading.next === reading.source.endOffset) return;
    reading.fetching = true;
    void this.#fetch(reading);
  }

  async #fetch(reading: Reading): Promise<void> {
    await this.#world.clock.sleep(this.#world.fetchLatencyMs());
    reading.fetching = false;
    if (this.#reading?.get(partitionName(reading.at)) !== reading || !this.#mayDeliver(reading)) return;
    const { startOffset, endOffset } = reading.source;
    if (reading.untouched) reading.next = startOffset;
    if (reading.next < startOffset || reading.next > endOffset) return this.#outOfRange(reading);
    const records = reading.source.read(reading.next, this.#world.fetchMaxRecords);
    reading.next += BigInt(records.length);
    reading.untouched = false;
    this.#spec.listener.records(reading.at, records, endOffset);
    this.pump(reading.at);
  }

  #mayDeliver({ at }: Reading): boolean {
    return this.#delivering && !this.silent && !this.#paused.has(partitionName(at));
  }

  async #drain(): Promise<void> {
    this.#delivering = false;
    const { clock, drainBudgetMs } = this.#world;
    const drained = new AbortController();
    const revoked = this.#spec.listener.revoking().finally(() => drained.abort());
    await Promise.race([revoked, clock.sleep(drainBudgetMs, drained.signal)]);
    this.#reading = undefined;
  }

  #readingOf(at: TopicPartition): Reading {
    const source = this.#world.partitionOf(at);
    const committed = this.#world.committed(at);
    const next = committed ?? source.startOffset;
    return { at, source, next, fetching: false, untouched: committed === undefined };
  }

  #outOfRange({ at, next, source: { startOffset: earliest, endOffset: end } }: Reading): void {
    this.fail(new OffsetOutOfRange({ ...at, groupId: this.#spec.groupId, offset: next, earliest, end }));
  }
}
