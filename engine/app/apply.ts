/** Makes what an application needs exist: tables, topics, schemas. Idempotent; changes nothing that is there. */
import { ExponentialBackoff, handleType, retry } from "cockatiel";
import { registerSchemas } from "../avro/register.ts";
import { RegistryUnavailable } from "../avro/registry.ts";
import { subjectOf } from "../avro/topic.ts";
import { kafkaAdmin, type TopicSpec } from "../log/kafka/admin/admin.ts";
import { deadLetterTopic } from "../worker/round/dead-letter.ts";
import type { EngineConfig } from "./config/engine-config.ts";
import { type App, type Hosted, topologyNames } from "./define-app.ts";

/** What was done. */
export interface Applied {
  readonly migrations: readonly string[];
  readonly topics: readonly string[];
  readonly subjects: readonly string[];
}

/** The broker's clock stamps every record, so that no client can shift the acceptance time. */
const stamped = { "message.timestamp.type": "LogAppendTime" };

/** Dead letters are kept until somebody decides about them, and have room for the headers beside a record of any size. */
const deadLetterConfig = { ...stamped, "retention.ms": "-1", "max.message.bytes": "2097152" };

/** A registry that has just started, on a machine that is busy, may leave one request without an answer: asked again, it gives one. */
const whileUnavailable = retry(handleType(RegistryUnavailable), {
  maxAttempts: 4,
  backoff: new ExponentialBackoff({ initialDelay: 250, maxDelay: 2_000 }),
});

/** The topics of an application as they are made: those its topologies read and write, and one for the dead letters of each. */
export const topicSpecs = (
  app: Pick<App, "allTopics"> & { readonly topologies: readonly Pick<Hosted, "topology">[] },
): readonly TopicSpec[] => [
  ...app.allTopics.map(({ name, partitions, config }) => ({ name, partitions, config: { ...stamped, ...config } })),
  ...topologyNames(app).map((name) => ({ name: deadLetterTopic(name), partitions: 6, config: deadLetterConfig })),
];

/** Applies. @throws with what is unreachable, or which topic or subject is there in another form. */
export const applyApp = async <Config extends EngineConfig>(app: App<Config>, config: Config): Promise<Applied> => {
  const { brokers, registryUrl } = config;
  const migrations = (await app.migrate?.(config)) ?? [];
  const topics = topicSpecs(app);
  const admin = await kafkaAdmin({ brokers, clientId: "sluice-apply" });
  try {
    await admin.ensureTopics(topics);
  } finally {
    await admin.close();
  }
  await whileUnavailable.execute(() => registerSchemas({ url: registryUrl }, app.allTopics));
  return { migrations, topics: topics.map(({ name }) => name), subjects: app.allTopics.map(subjectOf) };
};
