/** The partition assigner of our groups: kafkajs's protocol, our rule of who gets what. */
import type { GroupMember, GroupMemberAssignment, PartitionAssigner } from "kafkajs";
import { decodeMemberTopics } from "../admin/member-topics.ts";
import { shareOut } from "../../share-out.ts";
import { patchedKafkajs } from "../kafkajs.ts";

/**
 * kafkajs's name and version: members of releases that had its own assigner stay in the group with ours, and the leader
 * decides by its own rule. One that leads and does not know a topic assigns it to no member until it has left.
 */
const protocol = { name: "RoundRobinAssigner", version: 0 };

/** Shares out by {@link shareOut}, members in the order of their ids. */
export const coPartitioning: PartitionAssigner = ({ cluster }) => ({
  ...protocol,
  assign: async ({ members, topics }) => {
    const shared = topics.map((name) => ({ name, partitions: cluster.findTopicPartitionMetadata(name).length }));
    const inOrder = members.map(readMember).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return [...shareOut(inOrder, shared)].map(([memberId, own]): GroupMemberAssignment => {
      const byTopic = Map.groupBy(own, ({ topic }) => topic);
      const assignment = Object.fromEntries(
        [...byTopic].map(([topic, at]) => [topic, at.map(({ partition }) => partition)]),
      );
      const { MemberAssignment } = patchedKafkajs()("index.js").AssignerProtocol;
      const memberAssignment = MemberAssignment.encode({ version: protocol.version, assignment, userData: nothing });
      return { memberId, memberAssignment };
    });
  },
  protocol: ({ topics }) => {
    const { MemberMetadata } = patchedKafkajs()("index.js").AssignerProtocol;
    const metadata = MemberMetadata.encode({ version: protocol.version, topics, userData: nothing });
    return { name: protocol.name, metadata };
  },
});

const nothing = Buffer.alloc(0);

/** Metadata that cannot be read is a member's that asks for nothing: the others go on without it. */
const readMember = ({ memberId, memberMetadata }: GroupMember) => ({
  id: memberId,
  topics: decodeMemberTopics(memberMetadata),
});
