/** One kafkajs instance with everything explicit. A subscription, a producer and an admin each have one of their own. */
import type { Admin, Kafka } from "kafkajs";
import { kafkajsSasl } from "./brokers.ts";
import type { Cluster } from "./internals.ts";
import { patchedKafkajs } from "./kafkajs.ts";
import { logCreatorFor } from "./kafkajs-logger.ts";
import type { KafkaSettings } from "./options.ts";
import { trackSockets } from "./sockets.ts";

/** An instance and a way to end it for good. */
export interface KafkaClient {
  readonly kafka: Kafka;
  readonly destroySockets: () => void;
  /** Has kafkajs connect anew; to be called when a request was not answered in time. */
  readonly resetSockets: () => void;
}

/** Retries inside of kafkajs are short: what fails longer is retried by us, on a new instance. */
export const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 } as const;

/** kafkajs's level INFO. */
const infoLevel = 4;

/** A new instance. @throws Fatal (KAFKAJS_CHANGED) */
export const createClient = (settings: KafkaSettings): KafkaClient => {
  const { Kafka } = patchedKafkajs()("index.js");
  const sockets = trackSockets(settings.socketFactory);
  const kafka = new Kafka({
    ...connectionOf(settings),
    brokers: [...settings.brokers.hosts],
    logLevel: infoLevel,
    logCreator: logCreatorFor(settings.logger),
    socketFactory: sockets.factory,
  });
  return { kafka, destroySockets: sockets.destroyAll, resetSockets: sockets.reset };
};

/** Connects an admin, hands it over, and disconnects it whatever happens. */
export const withAdmin = async <T>(settings: KafkaSettings, work: (admin: Admin) => Promise<T>): Promise<T> => {
  const client = createClient(settings);
  const admin = client.kafka.admin({ retry });
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect().catch(() => {});
    client.destroySockets();
  }
};

/** Connects to the brokers themselves, below producers and consumers; disconnects whatever happens. */
export const withCluster = async <T>(settings: KafkaSettings, work: (cluster: Cluster) => Promise<T>): Promise<T> => {
  const need = patchedKafkajs();
  const sockets = trackSockets(settings.socketFactory);
  const { createLogger } = need("src/loggers/index.js");
  const cluster = new (need("src/cluster/index.js"))({
    ...connectionOf(settings),
    brokers: settings.brokers.hosts,
    logger: createLogger({ level: infoLevel, logCreator: logCreatorFor(settings.logger) }),
    socketFactory: sockets.factory,
    metadataMaxAge: settings.metadataMaxAgeMs,
    allowAutoTopicCreation: false,
    isolationLevel: 1,
    maxInFlightRequests: null,
  });
  try {
    await cluster.connect();
    return await work(cluster);
  } finally {
    await cluster.disconnect().catch(() => {});
    sockets.destroyAll();
  }
};

const connectionOf = ({ clientId, brokers: { sasl }, connectTimeoutMs, requestTimeoutMs }: KafkaSettings) => ({
  clientId,
  // TLS is a matter of the sockets, which are ours.
  ...(sasl === undefined ? {} : { sasl: kafkajsSasl(sasl) }),
  connectionTimeout: connectTimeoutMs,
  requestTimeout: requestTimeoutMs,
  enforceRequestTimeout: true,
  retry,
});
