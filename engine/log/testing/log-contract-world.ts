/** One test of the log contract: the log under contract, its topics and members, and what is said of their shares. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type Log, type TopicPartition, partitionName } from "../log.ts";
import { ContractMember, type MemberOptions } from "./log-contract-member.ts";

/** A log to be tested. */
export interface LogUnderContract {
  /** The log as a process of its own sees it. */
  readonly connect: (name: string) => Log;
  /** Makes a topic and answers its name. */
  readonly createTopic: (partitions: number) => Promise<string>;
  readonly endOffset: (at: TopicPartition) => Promise<bigint>;
  readonly committed: (groupId: string, at: TopicPartition) => Promise<bigint | undefined>;
  /** A value that is refused whatever surrounds it. */
  readonly tooLargeBytes: number;
  readonly close: () => Promise<void>;
}

/** One test's clients and members. */
export class World {
  readonly log: LogUnderContract;
  readonly groupId = `contract-${randomUUID()}`;
  readonly #clients: Log[] = [];
  #writer: Log | undefined;

  constructor(log: LogUnderContract) {
    this.log = log;
  }

  client(): Log {
    const made = this.log.connect(`contract-${randomUUID()}`);
    this.#clients.push(made);
    return made;
  }

  get writer(): Log {
    this.#writer ??= this.client();
    return this.#writer;
  }

  async topic(partitions: number): Promise<readonly TopicPartition[]> {
    const topic = await this.log.createTopic(partitions);
    return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  }

  member(topic: string, options: MemberOptions = {}): Promise<ContractMember> {
    return this.memberOf([topic], options);
  }

  async memberOf(topics: readonly string[], options: MemberOptions = {}): Promise<ContractMember> {
    const member = new ContractMember(options);
    await member.subscribe(this.client(), this.groupId, topics);
    return member;
  }

  async end(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}

/** What is promised, and how it is tried. */
export type Promises = Readonly<Record<string, (world: World) => Promise<void>>>;

/** The first partition of a topic. */
export const only = (partitions: readonly TopicPartition[]): TopicPartition =>
  partitions[0] ?? assert.fail("no partition");
/** The first two. */
export const pair = (partitions: readonly TopicPartition[]): readonly [TopicPartition, TopicPartition] => [
  only(partitions),
  partitions[1] ?? assert.fail("one partition"),
];

/** True where the members have these partitions among them, each once. */
export const isShared = (partitions: readonly TopicPartition[], members: readonly ContractMember[]): boolean =>
  String(
    members
      .flatMap(({ assigned }) => assigned ?? [])
      .map(partitionName)
      .toSorted(),
  ) === String(partitions.map(partitionName).toSorted());

/** Resolves once the claim is true, looked at whenever one of the members is told something. */
export const untilAll = async (members: readonly ContractMember[], claim: () => boolean): Promise<void> => {
  await Promise.race(members.map((member) => member.until(claim)));
};

/** Fails where the members do not have these partitions among them. */
export const assertShared = (partitions: readonly TopicPartition[], members: readonly ContractMember[]): void => {
  const shares = members.flatMap(({ assigned }) => assigned ?? []).map(partitionName);
  assert.deepEqual(shares.toSorted(), partitions.map(partitionName).toSorted());
};
