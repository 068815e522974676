/**
 * Follows topics from where they end, for who wants to be told at once and can do without: no group, nothing committed. What is
 * written while the brokers are away, or before it has connected, is never told. What can go wrong: refused (the user may not read
 * the topics) or away: told once, and tried again with a growing pause; cut or slow: connected anew, from the ends as they are
 * then; a leader moved: the same; partitions added: followed within a minute; answered twice: told twice.
 */
import { type PipelineError, Unavailable } from "../../errors.ts";
import { backoffMs, systemClock } from "../../clock.ts";
import { type LogRecord, partitionName } from "../log.ts";
import { withCluster } from "./client.ts";
import { failureOf } from "./failures.ts";
import { fetchPlaces, offsetsOf, type Place } from "./fetch-places.ts";
import type { Cluster } from "./internals.ts";
import { type KafkaOptions, type KafkaSettings, settingsOf } from "./options.ts";

/** What is followed, and who is told. */
export interface FollowOptions {
  readonly topics: readonly string[];
  /** Must not throw. Records of one partition come in order. */
  readonly records: (topic: string, records: readonly LogRecord[]) => void;
  /** Told of the first failure since it followed last: an outage is one story. */
  readonly lost: (error: PipelineError) => void;
}

/** Topics that are followed. */
export interface Follower {
  /** Whether what is written now will be told. */
  readonly isFollowing: () => boolean;
  /** Ends its connections. Idempotent. */
  readonly close: () => Promise<void>;
}

/** How long a broker that has nothing new waits: whoever closes does not wait for it. */
const waitMs = 5_000;
const closeWaitMs = 1_000;
/** Between attempts while the brokers are away. */
const backoff = { initialMs: 200, maxMs: 10_000 };

/** Starts to follow; connects by itself. @throws Fatal (KAFKA_OPTIONS, TLS_FILE) */
export const followEnds = (options: KafkaOptions, { topics, records, lost }: FollowOptions): Follower => {
  const settings = { ...settingsOf(options), fetchWaitMs: waitMs };
  const closing = new AbortController();
  const closed = new Promise<void>((resolve) => {
    closing.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  let isFollowing = false;
  let failures = 0;
  const follow = async (cluster: Cluster): Promise<void> => {
    const places = new Map<string, Place>();
    for (;;) {
      await refreshPlaces(cluster, topics, places);
      [isFollowing, failures] = [true, 0];
      const until = systemClock.now() + settings.metadataMaxAgeMs;
      const brokers = byLeader(cluster, topics, places);
      if (brokers.size === 0) throw new Unavailable("kafka", `${topics.join(", ")} have no leaders`);
      await Promise.all(
        [...brokers].map(([nodeId, own]) => followBroker({ cluster, settings, nodeId, places, own, until }, records)),
      );
    }
  };
  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        await withCluster(settings, (cluster) => Promise.race([follow(cluster), closed]));
      } catch (error) {
        if (closing.signal.aborted) return;
        if (failures === 0) lost(failureOf(error, `following ${topics.join(", ")}`));
        isFollowing = false;
        failures += 1;
        await systemClock.sleep(backoffMs(backoff, failures, Math.random), closing.signal);
      }
    }
  };
  const running = run();
  return {
    isFollowing: () => isFollowing,
    close: async () => {
      isFollowing = false;
      closing.abort();
      // Brokers that swallow a connection are not waited for: there is nothing to lose.
      await Promise.race([running, systemClock.sleep(closeWaitMs)]);
    },
  };
};

/** Reads the metadata anew; what is not known yet is followed from its end. */
const refreshPlaces = async (
  cluster: Cluster,
  topics: readonly string[],
  places: Map<string, Place>,
): Promise<void> => {
  await cluster.addMultipleTargetTopics(topics);
  await cluster.refreshMetadata();
  for (const topic of topics)
    for (const [partition, next] of await offsetsOf(cluster, topic, "end")) {
      const name = partitionName({ topic, partition });
      if (!places.has(name)) places.set(name, { topic, partition, next });
    }
};

/** The places that each broker leads. */
const byLeader = (
  cluster: Cluster,
  topics: readonly string[],
  places: ReadonlyMap<string, Place>,
): ReadonlyMap<string, readonly Place[]> => {
  const brokers = new Map<string, Place[]>();
  for (const topic of topics) {
    const own = [...places.values()].filter((place) => place.topic === topic);
    const led = cluster.findLeaderForPartitions(
      topic,
      own.map(({ partition }) => partition),
    );
    for (const [nodeId, partitions] of Object.entries(led)) {
      const some = brokers.get(nodeId) ?? [];
      some.push(...own.filter(({ partition }) => partitions.includes(partition)));
      brokers.set(nodeId, some);
    }
  }
  return brokers;
};

interface FollowedBroker {
  readonly cluster: Cluster;
  readonly settings: KafkaSettings;
  readonly nodeId: string;
  /** Of all brokers; what this one leads goes on in it. */
  readonly places: Map<string, Place>;
  readonly own: readonly Place[];
  /** When the metadata is read again. */
  readonly until: number;
}

const followBroker = async (
  { cluster, settings, nodeId, places, own, until }: FollowedBroker,
  records: FollowOptions["records"],
): Promise<void> => {
  const broker = await cluster.findBroker({ nodeId });
  while (systemClock.now() < until) {
    const now = own.map((place) => places.get(partitionName(place)) ?? place);
    for (const { records: fetched, ...place } of await fetchPlaces(broker, now, settings)) {
      places.set(partitionName(place), place);
      if (fetched.length > 0) records(place.topic, fetched);
    }
  }
};
