/**
 * How far requests are decided, as an API tells its clients: the offset that the workers' group has committed, and the topic's
 * end. A few requests to the brokers, once a second at most and only while a client asks; no database is asked. Refused (the
 * API's user may not describe the group), slow or cut: nothing is seen, and a line is logged once. Answered twice: it only reads.
 */
import type { PartitionLook, QueueLook } from "../../api/coupons/queue-position.ts";
import type { SeeQueue } from "../../api/coupons/queue-watch.ts";
import { createLooks, type LookLimits } from "../../engine/looks.ts";
import { type Clock, systemClock } from "../../engine/clock.ts";
import { type GroupProgress, groupProgress } from "../../engine/log/kafka/admin/group-progress.ts";
import { errorFields, type Logger } from "../../engine/logger.ts";
import { couponIssueRequests } from "../../schemas/coupon.ts";
import { couponIssuing } from "../../topology/coupon-issuing.ts";
import type { ShopContext } from "../config.ts";

/** A look is good for a second; a read waits half of one for it. */
const limits: LookLimits = { everyMs: 1_000, waitMs: 500 };
/** No position is told by an older one: several APIs would contradict each other. */
const goodForMs = 2_000;

/** The topic of requests, and the group that decides them. */
export const requestQueueOf = ({ groupPrefix }: Pick<ShopContext["config"], "groupPrefix">) => ({
  topic: couponIssueRequests.name,
  groupId: `${groupPrefix}.${couponIssuing.graph.name}`,
});

/** The queue as the brokers show it. Close it with the API. */
export interface OpenedQueue extends Pick<GroupProgress, "close"> {
  readonly see: SeeQueue;
}

/** Connects when it is looked at first. @throws Fatal (KAFKA_OPTIONS, TLS_FILE) */
export const openRequestQueue = ({ config, logger }: Pick<ShopContext, "config" | "logger">): OpenedQueue => {
  const { look, close } = groupProgress({ brokers: config.brokers, clientId: "sluice-api" }, requestQueueOf(config));
  return { see: seeQueue(look, { logger, clock: systemClock }), close };
};

/** One look, for all who ask within a second. */
export const seeQueue = (
  look: () => Promise<readonly PartitionLook[]>,
  { logger, clock }: { readonly logger: Pick<Logger, "warn">; readonly clock: Clock },
): SeeQueue => {
  let latest: QueueLook | undefined;
  const { see } = createLooks({
    look: async () => {
      const atMs = clock.now();
      latest = { atMs, partitions: await look() };
    },
    failed: (error) =>
      logger.warn(
        { event: "queue.unseen", ...errorFields(error) },
        "the brokers do not say how far requests are decided: clients are told no position in the queue",
      ),
    clock,
    limits,
  });
  return async () => {
    await see();
    // Also where this look is late or failed, and the one before it is good still; and not where it took too long itself.
    return latest !== undefined && clock.now() - latest.atMs < goodForMs ? latest : undefined;
  };
};
