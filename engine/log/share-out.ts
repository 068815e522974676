/** Who of a group reads what: equal partition numbers of all topics go to one member, so that two topics can be read as one. */
import type { TopicPartition } from "./log.ts";

/** A member as the one that shares out sees it. */
export interface GroupMember {
  readonly id: string;
  /** What it asks to read: nothing else is given to it. */
  readonly topics: readonly string[];
}

/** A topic to share out. */
export interface SharedTopic {
  readonly name: string;
  readonly partitions: number;
}

/**
 * The partitions of each member, by its id. Partition p of every topic goes to member p mod n of all n, in the order given;
 * where that one does not ask for the topic, to one of those who do, and where none does, to none. So a member of an
 * older release that does not know a topic yet takes none of it, and takes its share of the others.
 */
export const shareOut = (
  members: readonly GroupMember[],
  topics: readonly SharedTopic[],
): ReadonlyMap<string, readonly TopicPartition[]> => {
  const shares = new Map<string, TopicPartition[]>(members.map(({ id }) => [id, []]));
  for (const { name, partitions } of topics) {
    const asking = members.filter((member) => member.topics.includes(name));
    for (let partition = 0; partition < partitions; partition += 1) {
      const first = members[partition % members.length];
      const taker = first?.topics.includes(name) ? first : asking[partition % asking.length];
      if (taker !== undefined) shares.get(taker.id)?.push({ topic: name, partition });
    }
  }
  return shares;
};
