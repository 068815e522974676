/** Puts a workload into the database and the topic before the clock starts. */
import {
  type CouponId,
  type CouponIssueRequested,
  couponIssueRequests,
  type PolicyId,
  type UserId,
  type Won,
} from "../../../schemas/coupon.ts";
import type { Topic } from "../../../engine/avro/topic.ts";
import { couponRegister } from "../../../stores/mysql/coupons/coupon-register.ts";
import { openDatabase } from "../../../stores/mysql/database.ts";
import { type Mint, mintWith } from "../../mint.ts";
import type { ScenarioRequest, Scenario } from "../scenarios.ts";
import type { Stage } from "../stage.ts";

/** Opens a workload's coupons. */
export const openCoupons = async ({ config }: Stage, { coupons }: Pick<Scenario, "coupons">): Promise<void> => {
  const database = openDatabase({ databaseUrl: config.databaseUrl, poolMax: 2, poolKeptIdle: 0 });
  try {
    const register = couponRegister(database);
    for (const { couponId, stock } of coupons) {
      await register.open({
        couponId: couponId as CouponId,
        policyId: "bench" as PolicyId,
        stock,
        opensAt: null,
        closesAt: null,
        validForDays: 30,
        policy: { name: "Bench", discount: { kind: "fixed", amount: 1_000 as Won }, minOrderAmount: 0 as Won },
      });
    }
  } finally {
    await database.close();
  }
};

/** Records handed to the producer at once: enough to fill its batches, few enough to stay small. */
const chunkRecords = 5_000;

/** Appends a workload's requests, in order; resolves when all are acknowledged. */
export const preload = async (
  stage: Stage,
  { requests, ask }: Pick<Scenario, "requests" | "ask">,
  topic: Topic<CouponIssueRequested> = couponIssueRequests,
): Promise<void> => {
  const producer = await stage.producer([topic.name]);
  const encode = await stage.codec.encoder(couponIssueRequests);
  const mint = mintWith(stage.config);
  try {
    for (let from = 0; from < requests; from += chunkRecords) {
      const asked = Array.from({ length: Math.min(chunkRecords, requests - from) }, (_, n) => ask(from + n));
      const byCoupon = Map.groupBy(asked, ({ couponId }) => couponId);
      const appended = [...byCoupon].map(([couponId, some]) => {
        const key = Buffer.from(couponId);
        const to = { topic: topic.name, partition: producer.partitionOf(topic.name, key) };
        return producer.produce(
          to,
          some.map((one) => ({ key, value: one.malformed ? unreadable : encode(request(mint, one)) })),
        );
      });
      await Promise.all(appended);
    }
  } finally {
    await producer.close();
  }
};

/** Not what a registry's serializer writes: no magic byte. */
const unreadable = Buffer.from("this is no request");

const request = (mint: Mint, { couponId, userId }: ScenarioRequest): CouponIssueRequested => ({
  reservationId: mint(userId as UserId),
  couponId: couponId as CouponId,
  userId: userId as UserId,
  policyId: null,
  requestedAt: Date.now(),
});
