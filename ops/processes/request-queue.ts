/**
 * How far requests are decided, as an API tells its clients: the offset that the workers' group has committed, and the topic's
 * end. Two requests to the brokers, on connections of their own, once a second at most and only while a client asks; no database
 * is asked. Refused (the API's user may describe neither group nor topic), slow or cut: nothing is seen, and a line is logged
 * once. Answered twice: it only reads.
 */
import { createLooks, type LookLimits } from "../../engine/looks.ts";
import type { SeeQueue } from "../../api/coupons/queue-watch.ts";
import type { QueueLook } from "../../api/coupons/queue-place.ts";
import { type Clock, systemClock } from "../../engine/clock.ts";
import { kafkaAdmin, type KafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { errorFields, type Logger } from "../../engine/logger.ts";
import { couponIssueRequests } from "../../schemas/coupon.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import type { ShopContext } from "../config.ts";

/** What is looked at. */
export interface LookedAt {
  readonly topic: string;
  readonly groupId: string;
}

/** A look is good for a second; a read waits half of one for it. */
const limits: LookLimits = { everyMs: 1_000, waitMs: 500 };
/** No place is told by an older one: several APIs would contradict each other. */
const goodForMs = 2_000;

/** Looks at the topic of requests and at the group that decides them. @throws Fatal (KAFKA_OPTIONS, TLS_FILE) */
export const openSeeQueue = async ({ config, logger }: Pick<ShopContext, "config" | "logger">): Promise<SeeQueue> => {
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-api" });
  const of = {
    topic: couponIssueRequests.name,
    groupId: `${config.groupPrefix}.${couponIssuing.graph.name}`,
  };
  return seeQueue(lookAt(admin, of, systemClock), { logger, clock: systemClock });
};

/** One look, for all who ask within a second. */
export const seeQueue = (
  look: () => Promise<QueueLook>,
  { logger, clock }: { readonly logger: Pick<Logger, "warn">; readonly clock: Clock },
): SeeQueue => {
  const { see } = createLooks({
    look,
    failed: (error) =>
      logger.warn(
        { event: "queue.unseen", ...errorFields(error) },
        "the brokers do not say how far requests are decided: clients are told no place in the queue",
      ),
    clock,
    limits,
  });
  return async () => {
    const seen = await see();
    // One that took long is old when it comes.
    return seen !== undefined && clock.now() - seen.atMs < goodForMs ? seen : undefined;
  };
};

/** A look by an admin. */
export const lookAt =
  (admin: Pick<KafkaAdmin, "committedOffsets" | "endOffsets">, { groupId, topic }: LookedAt, clock: Clock) =>
  async (): Promise<QueueLook> => {
    const atMs = clock.now();
    // In this order: what is committed is before the end.
    const committed = await admin.committedOffsets(groupId, topic);
    const ends = await admin.endOffsets(topic);
    return { atMs, partitions: ends.map((end, partition) => ({ committed: committed[partition], end })) };
  };
