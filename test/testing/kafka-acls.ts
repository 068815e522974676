/** Rights on a broker with an authorizer, given and taken through a door whose user may do everything. */
import kafkajs from "kafkajs";

// Node finds only some of a CommonJS module's exports by their names.
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } = kafkajs;

/** What a user may do no more: read or write a topic, or read in a group, which is to be its member. */
export type Right =
  | { readonly topic: string; readonly operation: "READ" | "WRITE" }
  | { readonly group: string; readonly operation: "READ" };

/** The rights of users. */
export interface Acls {
  /** Everything for everybody: a resource that has any entry allows nothing else. */
  readonly allowAll: () => Promise<void>;
  /** Refuses, whatever else is allowed. */
  readonly deny: (user: string, right: Right) => Promise<void>;
  /** Ends a refusal. */
  readonly allow: (user: string, right: Right) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens it. */
export const openAcls = async (brokers: readonly string[]): Promise<Acls> => {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const entryOf = (user: string, right: Right) => ({
    resourceType: "topic" in right ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
    resourceName: "topic" in right ? right.topic : right.group,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${user}`,
    host: "*",
    operation: AclOperationTypes[right.operation],
    permissionType: AclPermissionTypes.DENY,
  });
  return {
    allowAll: async () => {
      const anybody = {
        resourcePatternType: ResourcePatternTypes.LITERAL,
        ...{ principal: "User:*", host: "*", operation: AclOperationTypes.ALL },
        permissionType: AclPermissionTypes.ALLOW,
      };
      const resources = [
        [AclResourceTypes.TOPIC, "*"],
        [AclResourceTypes.GROUP, "*"],
        [AclResourceTypes.CLUSTER, "kafka-cluster"],
      ] as const;
      await admin.createAcls({
        acl: resources.map(([resourceType, resourceName]) => ({ ...anybody, resourceType, resourceName })),
      });
    },
    deny: async (user, right) => void (await admin.createAcls({ acl: [entryOf(user, right)] })),
    allow: async (user, right) => void (await admin.deleteAcls({ filters: [entryOf(user, right)] })),
    close: () => admin.disconnect(),
  };
};
