/** What a member of a group subscribed to, read from the metadata it joined with. */
import { patchedKafkajs } from "../kafkajs.ts";

/** The topics of a member's metadata; none where there is none, or it is of another protocol. */
export const decodeMemberTopics = (metadata: Buffer): readonly string[] => {
  if (metadata.length === 0) return [];
  try {
    const { AssignerProtocol } = patchedKafkajs()("index.js");
    return AssignerProtocol.MemberMetadata.decode(metadata)?.topics ?? [];
  } catch {
    // Anybody's bytes: a member with another protocol type is no reason to fail.
    return [];
  }
};
