/**
 * Has a shop that runs set something aside, so that the console has dead letters to show, and changes a topic behind its back, so that it
 * has a drift: `npx node dev/console/set-aside.ts <the stand-in platform's control address>`. For pictures; on the development stack alone.
 */
import { v7 } from "uuid";
import { note } from "../../engine/app/cli.ts";
import { loadConfig } from "../../engine/app/process/process.ts";
import { createCodec } from "../../engine/avro/codec.ts";
import { kafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { kafkaLog } from "../../engine/log/kafka/kafka-log.ts";
import { partitionOfKey } from "../../engine/log/producer/partitioner.ts";
import { silentLogger } from "../../engine/logger.ts";
import { confluentRegistry } from "../../engine/registry/registry.ts";
import { couponIssueRequests, type UserId, type Won } from "../../schemas/coupon.ts";
import { type OrderId, type PaymentId, paymentsCompleted } from "../../schemas/payment.ts";
import { app } from "../../sluice.config.ts";

/** Whose payments the platform refuses for good. */
const refusedUsers = "suspended-";
const clientId = "sluice-set-aside";

const refusedPayments = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    ...{ paymentId: v7() as PaymentId, orderId: v7() as OrderId, userId: `${refusedUsers}${n + 1}` as UserId },
    ...{ amount: (12_300 + n) as Won, discount: 700 as Won, paidAt: Date.now() },
  }));

/** Sets the platform to refuse some users, and appends their payments, and bytes that are no request. */
export const setAside = async (platformControlUrl: string): Promise<void> => {
  const { brokers, registryUrl: url } = await loadConfig(app);
  await fetch(new URL("/faults", platformControlUrl), {
    ...{ method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify({ refusedUsers }) },
  });
  const log = kafkaLog({ brokers, clientId, logger: silentLogger });
  const admin = await kafkaAdmin({ brokers, clientId });
  try {
    const source = confluentRegistry({ url });
    const encode = await createCodec({ source, now: () => performance.now() }).encoder(paymentsCompleted);
    const append = (topic: { readonly name: string; readonly partitions: number }, name: string, value: Buffer) => {
      const key = Buffer.from(name);
      return log.append({ topic: topic.name, partition: partitionOfKey(key, topic.partitions) }, [{ key, value }]);
    };
    for (const payment of refusedPayments(8)) await append(paymentsCompleted, payment.orderId, encode(payment));
    for (const text of ["coupon=summer", "{}"]) await append(couponIssueRequests, "summer", Buffer.from(text));
    await admin.alterSettings(couponIssueRequests.name, { set: { "retention.ms": "3600000" }, reset: [] });
  } finally {
    await admin.close();
    await log.close();
  }
};

if (import.meta.main) {
  const [platform] = process.argv.slice(2);
  if (platform === undefined)
    note("Give the control address of the stand-in platform: npm start prints it as --platform");
  else await setAside(platform);
}
