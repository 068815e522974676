/** Reads what the verifier compares: whole topics, whole tables, and the counters. To be trusted on a quiet system. */
import { deadLetterTopic } from "../../engine/worker/round/dead-letter.ts";
import { type KafkaAdmin, kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import {
  type CouponId,
  type CouponIssueRequested,
  couponIssueRequests,
  couponsCompensated,
  couponsIssued,
  couponsRefused,
  type ReservationId,
} from "../../schemas/coupon.ts";
import type { Topic } from "../../engine/avro/topic.ts";
import { couponAudit } from "../../stores/mysql/coupons/coupon-audit.ts";
import { openDatabase } from "../../stores/mysql/database.ts";
import { openReplays } from "../../stores/mysql/operations/open-replays.ts";
import { readDatabaseIdentity } from "../../stores/mysql/database-identity.ts";
import { openRedis } from "../../stores/redis/connection.ts";
import { checkGate } from "../../stores/redis/gate-owner.ts";
import { readCounters } from "../../stores/redis/coupon-stock.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import type { Config } from "../config.ts";
import { acceptedRows, issuedEvents, issuedRows, refusedEvents, refusedRows } from "./coupon-rows.ts";
import { unbalanced } from "./check.ts";
import type { CouponFacts, CouponRow } from "./facts.ts";
import { letterFacts, type LettersRead, readLetterIds, placesOf } from "./letters.ts";
import { codecOf } from "../../engine/app/dlq/open.ts";
import { decoderOf, lettersOf } from "./letters-of.ts";
import { readValues, type TopicReader } from "./read-values.ts";

/**
 * Reads everything about coupons whose id begins with `prefix`; about all of them where it is empty.
 * @throws StartRefused where Redis is another database's gate.
 * @throws where a service does not answer, or a record of a topic cannot be read.
 */
export const readFacts = async (config: Config, prefix: string): Promise<CouponFacts> => {
  // First: what is decided from here on is behind this, whether or not the tables are read in time to see it.
  const group = await readGroup(config);
  // Then letters: of what is not open or pending any more, the verdict is in the tables that are read after this.
  const lettersRead = await readLetters(config);
  const [topics, tables] = await Promise.all([readTopics(config, prefix), readTables(config, prefix)]);
  const letters = letterFacts(lettersRead, placesOf(topics.accepted));
  const { coupons, taken, issued, refused } = tables;
  return { group, letters, ...topics, coupons, taken, issued, refused, ...(await readGate(config, tables)) };
};

const readGroup = async ({ brokers, groupPrefix }: Config): Promise<CouponFacts["group"]> => {
  const admin = await kafkaAdmin({ brokers, clientId: "sluice-verify" });
  const id = `${groupPrefix}.${couponIssuing.graph.name}`;
  try {
    return { id, committed: await admin.committedOffsets(id, couponIssueRequests.name) };
  } finally {
    await admin.close();
  }
};

const readLetters = async (config: Config): Promise<LettersRead<ReservationId>> => {
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-verify" });
  const { replays, close } = await openReplays(config);
  try {
    return await readLetterIds({ cluster: admin, replays }, lettersOf(config, couponIssuing.graph.name), {
      decoder: decoderOf(config, couponIssueRequests),
      // The topology reads one topic: every value is one of its records.
      ofValue: (value) => (value as CouponIssueRequested).reservationId,
    });
  } finally {
    await close();
    await admin.close();
  }
};

const readTopics = async (config: Config, prefix: string): Promise<TopicFacts> => {
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-verify" });
  try {
    return await readCouponTopics({ admin, codec: codecOf(config) }, prefix);
  } finally {
    await admin.close();
  }
};

/** What topics say. */
export type TopicFacts = Pick<
  CouponFacts,
  "accepted" | "publishedIssued" | "publishedRefused" | "publishedCompensations" | "deadLetters" | "topicsSince"
>;

/** Reads the topics of coupons whose id begins with `prefix`. @throws where a topic cannot be read */
export const readCouponTopics = async (
  reader: TopicReader & { readonly admin: Pick<KafkaAdmin, "endOffsets"> },
  prefix: string,
): Promise<TopicFacts> => {
  const read = valuesOf(reader, prefix);
  const [accepted, publishedIssued, publishedRefused] = [acceptedRows(), issuedEvents(), refusedEvents()];
  const publishedCompensations: CouponFacts["publishedCompensations"][number][] = [];
  const requests = await read(couponIssueRequests, (request, partition, offset) => {
    // Copies of a record count once, at their first offset: a topic is read in order.
    if (!accepted.has(request.reservationId)) accepted.set(request.reservationId, { request, partition, offset });
  });
  const issued = await read(couponsIssued, (event) => publishedIssued.set(event.reservationId, event));
  const refused = await read(couponsRefused, (event) => publishedRefused.set(event.reservationId, event));
  await read(couponsCompensated, ({ reservationId, couponId, reason }) =>
    publishedCompensations.push({ reservationId, couponId, reason }),
  );
  const ends = await reader.admin.endOffsets(deadLetterTopic(couponIssuing.graph.name));
  const deadLetters = ends.reduce((sum, end) => sum + Number(end), 0);
  const topicsSince = { requests, issued, refused };
  return { accepted, publishedIssued, publishedRefused, publishedCompensations, deadLetters, topicsSince };
};

/** Of coupons whose id begins with `prefix`; answers since when the topic has everything. */
const valuesOf =
  (reader: TopicReader, prefix: string) =>
  <T extends { readonly couponId: CouponId }>(
    topic: Topic<T>,
    see: (value: T, partition: number, offset: bigint) => unknown,
  ): Promise<number> =>
    readValues(reader, topic, (value, partition, offset) => {
      if (value.couponId.startsWith(prefix)) see(value, partition, offset);
    });

const readTables = async ({ databaseUrl }: Config, prefix: string) => {
  const database = openDatabase({ databaseUrl, poolMax: 2, poolKeptIdle: 0, statementTimeoutMs: 60_000 });
  const [issued, refused] = [issuedRows(), refusedRows()];
  try {
    const audit = couponAudit(database);
    const rows = await audit.coupons(prefix);
    const coupons = new Map<CouponId, CouponRow>(rows.map((row) => [row.couponId, row]));
    await audit.verdicts(prefix, (id, verdict) =>
      verdict.kind === "issued" ? issued.set(id, verdict) : refused.set(id, verdict),
    );
    // Rows were read after stocks: what was issued meanwhile makes no difference to one statement that reads both.
    const again = await audit.taken(unbalanced(coupons, issued).map(({ couponId }) => couponId));
    const taken = new Map(again.map((row) => [row.couponId, row]));
    return { databaseId: await readDatabaseIdentity(database), coupons, taken, issued, refused };
  } finally {
    await database.close();
  }
};

const readGate = async ({ redisUrl }: Config, { databaseId, coupons }: Awaited<ReturnType<typeof readTables>>) => {
  const redis = await openRedis({ redisUrl });
  try {
    // The counters of another database's gate would all look wrong.
    await checkGate(redis, databaseId);
    const found = await readCounters(redis, [...coupons.keys()]);
    const own = [...found].filter(([, { foreign }]) => foreign === undefined);
    return {
      counters: new Map(own.map(([couponId, { left }]) => [couponId, left])),
      marks: new Map(own.map(([couponId, { marks }]) => [couponId, marks])),
      foreign: new Set([...found].flatMap(([couponId, { foreign }]) => (foreign ? [couponId] : []))),
    };
  } finally {
    redis.close();
  }
};
