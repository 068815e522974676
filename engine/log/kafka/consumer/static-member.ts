/**
 * Static membership (KIP-345): kafkajs encodes a group instance id in JoinGroup, SyncGroup and Heartbeat, but nothing hands it
 * one. So the coordinator that a group is given adds it to what it sends. Commits go without: their version has no place for
 * it, and a broker refuses them by the member id, which changes when another process joins under the instance id.
 */
import type { Broker, Cluster, ConsumerGroup } from "../internals.ts";

const prepared = new WeakSet<Cluster>();

/** From now on the group's requests carry the id. Idempotent. A cluster belongs to one consumer. */
export const joinAsInstance = ({ cluster }: ConsumerGroup, groupInstanceId: string): void => {
  if (prepared.has(cluster)) return;
  prepared.add(cluster);
  const find = cluster.findGroupCoordinator.bind(cluster);
  cluster.findGroupCoordinator = async (of) => asInstance(await find(of), groupInstanceId);
};

/** The same broker. What builds a request takes the fields that it knows, and leaves the id where it knows none. */
const asInstance = (broker: Broker, groupInstanceId: string): Broker => {
  const lookupRequest: Broker["lookupRequest"] = (apiKey, definition) => {
    // Asked each time: a broker learns the versions when it connects.
    const build = broker.lookupRequest(apiKey, definition);
    return (payload) => build({ ...payload, groupInstanceId });
  };
  const own = { lookupRequest: { value: lookupRequest } };
  // Erasure: Object.create answers any.
  return Object.create(broker, own) as Broker;
};
