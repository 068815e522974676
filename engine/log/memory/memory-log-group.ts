/** A consumer group of the log in memory: members come and go, every change is a rebalance that stops all of them. */
import type { Clock } from "../../clock.ts";
import { CommitRefused, type TopicPartition, partitionName } from "../log.ts";
import { shareOut } from "../share-out.ts";
import type { Member } from "./memory-log-member.ts";

/** One partition and the next offset to read. */
export type Commit = TopicPartition & { readonly offset: bigint };

/** One group. */
export class MemoryGroup {
  readonly #clock: Clock;
  readonly #partitionCount: (topic: string) => number;
  readonly #committed = new Map<string, bigint>();
  /** In the order of joining, which decides who gets what. */
  #members: readonly Member[] = [];
  #rebalancing: Promise<void> | undefined;
  #changed = false;
  #generation = 0;

  constructor(clock: Clock, partitionCount: (topic: string) => number) {
    this.#clock = clock;
    this.#partitionCount = partitionCount;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  /** How often partitions were assigned. */
  get generation(): number {
    return this.#generation;
  }

  committed(at: TopicPartition): bigint | undefined {
    return this.#committed.get(partitionName(at));
  }

  join(member: Member): void {
    this.#members = [...this.#members, member];
    this.rebalance();
  }

  leave(member: Member): void {
    if (!this.#members.includes(member)) return;
    this.#members = this.#members.filter((other) => other !== member);
    this.rebalance();
  }

  /** A silent member keeps its partitions until its session has run out. */
  silence(member: Member, sessionTimeoutMs: number): void {
    member.silent = true;
    member.expiry ??= this.#expire(member, sessionTimeoutMs);
  }

  /** Everybody gives back what they have and is assigned anew. */
  rebalance(): void {
    this.#changed = true;
    this.#rebalancing ??= this.#rebalance().finally(() => {
      this.#rebalancing = undefined;
    });
  }

  /**
   * `term`: the member's when it sent the commit, as a broker knows by its generation.
   * @throws CommitRefused when the member is in the group no longer, was assigned anew since, or does not own a partition.
   */
  commit(member: Member, offsets: readonly Commit[], term: unknown): void {
    if (!this.#members.includes(member)) throw new CommitRefused(`${member.id} is not a member`);
    if (member.term !== term) throw new CommitRefused(`${member.id} sent it before the last rebalance`);
    for (const at of offsets) {
      if (!member.owns(at)) throw new CommitRefused(`${partitionName(at)} is not assigned to ${member.id}`);
    }
    for (const at of offsets) this.#committed.set(partitionName(at), at.offset);
  }

  async #rebalance(): Promise<void> {
    while (this.#changed) {
      this.#changed = false;
      await Promise.all(this.#members.map((member) => member.expiry ?? member.giveBack()));
      // A member that came back from silence meanwhile has not been asked yet.
      this.#changed ||= this.#members.some(({ holds }) => holds);
      if (this.#changed) continue;
      this.#generation += 1;
      for (const [member, partitions] of this.#assignment()) member.assign(partitions);
    }
  }

  async #expire(member: Member, sessionTimeoutMs: number): Promise<void> {
    await this.#clock.sleep(sessionTimeoutMs);
    if (!member.silent) return;
    this.leave(member);
  }

  /** As on Kafka: the first member leads, and shares out the topics that it knows. */
  #assignment(): ReadonlyMap<Member, readonly TopicPartition[]> {
    const topics = (this.#members[0]?.topics ?? []).map((name) => ({ name, partitions: this.#partitionCount(name) }));
    // A client may be a member twice: here a member is known by its place.
    const shares = shareOut(
      this.#members.map((member, at) => ({ id: String(at), topics: member.topics })),
      topics,
    );
    return new Map(this.#members.map((member, at) => [member, shares.get(String(at)) ?? []]));
  }
}
