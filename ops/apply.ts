/** Makes what every topology needs exist: tables, topics, schemas. Idempotent; changes nothing that is there. */
import { ExponentialBackoff, handleType, retry } from "cockatiel";
import { deadLetterTopic } from "../engine/worker/round/dead-letter.ts";
import { kafkaAdmin } from "../engine/log/kafka/admin/admin.ts";
import { couponTopics } from "../schemas/coupon.ts";
import { paymentTopics } from "../schemas/payment.ts";
import { registerSchemas } from "../engine/avro/register.ts";
import { RegistryUnavailable } from "../engine/avro/registry.ts";
import { migrate } from "../stores/mysql/migrate.ts";
import type { Config } from "./config.ts";
import { topologyNames } from "./processes/topologies.ts";

/** What was done. */
export interface Applied {
  readonly migrations: readonly string[];
  readonly topics: readonly string[];
  readonly subjects: readonly string[];
}

/** The broker's clock stamps every record: opening and closing times are judged by it, and no client can shift them. */
const stamped = { "message.timestamp.type": "LogAppendTime" };

/** Payments wait for whoever is told of them this long, ms; a platform that is away for weeks still gets them all. */
export const paymentsKeptMs = 30 * 86_400_000;
const keptForAMonth = { ...stamped, "retention.ms": String(paymentsKeptMs) };

/** Dead letters are kept until somebody decides about them, and have room for the headers beside a record of any size. */
const kept = { ...stamped, "retention.ms": "-1", "max.message.bytes": "2097152" };

/** A registry that has just started, on a machine that is busy, may leave one request without an answer: asked again, it gives one. */
const whileUnavailable = retry(handleType(RegistryUnavailable), {
  maxAttempts: 4,
  backoff: new ExponentialBackoff({ initialDelay: 250, maxDelay: 2_000 }),
});

const declaredTopics = [...couponTopics, ...paymentTopics];

/** Applies. @throws with what is unreachable, or which topic or subject is there in another form. */
export const applyAll = async ({ brokers, registryUrl, databaseUrl }: Config): Promise<Applied> => {
  const migrations = await migrate({ databaseUrl });
  const topics = [
    ...couponTopics.map(({ name, partitions }) => ({ name, partitions, config: stamped })),
    ...paymentTopics.map(({ name, partitions }) => ({ name, partitions, config: keptForAMonth })),
    ...topologyNames.map((name) => ({ name: deadLetterTopic(name), partitions: 6, config: kept })),
  ];
  const admin = await kafkaAdmin({ brokers, clientId: "sluice-apply" });
  try {
    await admin.ensureTopics(topics);
  } finally {
    await admin.close();
  }
  await whileUnavailable.execute(() => registerSchemas({ url: registryUrl }, declaredTopics));
  return {
    migrations,
    topics: topics.map((topic) => topic.name),
    subjects: declaredTopics.map(({ name: n }) => `${n}-value`),
  };
};
