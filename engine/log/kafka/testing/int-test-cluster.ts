/** The cluster that integration tests run on, and how they take a log of it. */
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ISocketFactory } from "kafkajs";
import type { Log, Subscription, TopicPartition } from "../../log.ts";
import { silentLogger } from "../../../logger.ts";
import { brokerAddresses } from "../../../testing/address.ts";
import { type KafkaAdmin, kafkaAdmin, type TopicSpec } from "../admin/admin.ts";
import { kafkaLog } from "../kafka-log.ts";
import type { KafkaOptions } from "../options.ts";
import { tcpSocket } from "../sockets.ts";

/** Topics and logs of one test file, removed with it. */
export interface TestCluster {
  readonly brokers: readonly string[];
  readonly admin: KafkaAdmin;
  readonly createTopic: (partitions: number, spec?: Partial<TopicSpec>) => Promise<string>;
  readonly log: (options?: Partial<KafkaOptions>) => Log;
  /** A member of a group that does nothing with what it reads, once it has its partitions; for commits. */
  readonly idleMember: (groupId: string, topic: string) => Promise<Subscription>;
  readonly endOffset: (at: TopicPartition) => Promise<bigint>;
  readonly committed: (groupId: string, at: TopicPartition) => Promise<bigint | undefined>;
  readonly close: () => Promise<void>;
}

/** Connects to the brokers of the running stack. @throws Error where `SLUICE_BROKERS` is not set. */
export const openTestCluster = async (): Promise<TestCluster> => {
  const brokers = brokerAddresses();
  const admin = await kafkaAdmin({ brokers, clientId: "test-admin" });
  const topics: string[] = [];
  const logs: Log[] = [];
  const logOf: TestCluster["log"] = (options = {}) => {
    const made = kafkaLog({
      brokers,
      clientId: `test-${randomUUID()}`,
      logger: silentLogger,
      fetchWaitMs: 100,
      ...options,
    });
    logs.push(made);
    return made;
  };
  return {
    brokers,
    admin,
    createTopic: async (partitions, spec = {}) => {
      const name = `test-${randomUUID()}`;
      topics.push(name);
      await admin.ensureTopics([{ name, partitions, ...spec }]);
      await untilLeadersKnow(admin, name);
      return name;
    },
    log: logOf,
    idleMember: (groupId, topic) => joinIdle(logOf(), groupId, topic),
    endOffset: async ({ topic, partition }) => (await admin.endOffsets(topic))[partition] ?? -1n,
    committed: async (groupId, { topic, partition }) => (await admin.committedOffsets(groupId, topic))[partition],
    close: async () => {
      await Promise.all(logs.map((log) => log.close()));
      await admin.deleteTopics(topics);
      await admin.close();
    },
  };
};

/** For what never comes, not for what is slow on a busy machine. */
const leadersKnowWithinMs = 30_000;

/**
 * A new topic is known to the broker that is asked before it is to the broker that leads it (KRaft). Who fetches from that one too
 * early is refused, and kafkajs joins its group again: rightly, but then a test sees one more assignment, which ends its pauses.
 */
const untilLeadersKnow = async (admin: KafkaAdmin, topic: string): Promise<void> => {
  for (const deadline = performance.now() + leadersKnowWithinMs; ; await sleep(50)) {
    try {
      await admin.endOffsets(topic);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
};

const joinIdle = async (log: Log, groupId: string, topic: string): Promise<Subscription> => {
  const assigned = Promise.withResolvers<void>();
  const member = await log.subscribe(
    { groupId, topics: [topic] },
    {
      assigned: () => assigned.resolve(),
      records: () => {},
      revoking: async () => {},
      failed: (error) => assigned.reject(error),
    },
  );
  await assigned.promise;
  return member;
};

/** Connections that a test can cut, as a broker's death or a network does. */
export interface FaultySockets {
  readonly factory: ISocketFactory;
  /** Resets every open connection. */
  readonly cut: () => void;
  /** While down, connections are reset and new ones refused. */
  readonly setDown: (down: boolean) => void;
  readonly newest: () => Socket;
  /** How many were made. */
  readonly made: () => number;
}

/** A port that nothing listens on: its connections are refused. */
const closedPort = 1;

/** Sockets that work until they are switched off. */
export const faultySockets = (): FaultySockets => {
  const open = new Set<Socket>();
  let down = false;
  let newest: Socket | undefined;
  let made = 0;
  const cut = (): void => {
    for (const socket of open) socket.destroy(Object.assign(new Error("cut by the test"), { code: "ECONNRESET" }));
  };
  return {
    cut,
    setDown: (value) => {
      down = value;
      if (down) cut();
    },
    factory: (to) => {
      const socket = tcpSocket(down ? { ...to, port: closedPort } : to);
      newest = socket;
      made += 1;
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      return socket;
    },
    made: () => made,
    newest: () => {
      if (newest === undefined) throw new Error("no connection yet");
      return newest;
    },
  };
};
