/** Payments that were made already: a topic of them, for whatever follows a payment, and how they get there. */
import { v7 } from "uuid";
import type { UserId, Won } from "../../../schemas/coupon.ts";
import { type OrderId, type PaymentCompleted, type PaymentId, paymentsCompleted } from "../../../schemas/payment.ts";
import type { Stage } from "../stage.ts";

/** Users that take turns paying. */
const users = 20_000;

/** `count` payments with UUIDv7 ids that rise, of different orders, users and amounts. Pure but for clock and chance. */
export const makePayments = (prefix: string, count: number): readonly PaymentCompleted[] =>
  Array.from({ length: count }, (_, n) => ({
    paymentId: v7() as PaymentId,
    orderId: v7() as OrderId,
    userId: `${prefix}-user-${n % users}` as UserId,
    amount: (1_000 + ((n * 7_919) % 500_000)) as Won,
    discount: (n % 3 === 0 ? 1_000 : 0) as Won,
    paidAt: Date.now(),
  }));

/** How far behind its payment a copy is: in the same round, as after a relay that was killed, and long past it. */
const copyDistances = [50, 20_000] as const;

/** Payments in order, and after every `every`-th a copy of an earlier one: a near one and a far one in turn. Pure. */
export const withCopies = <T>(payments: readonly T[], every: number): readonly T[] =>
  payments.flatMap((payment, n) => {
    const distance = copyDistances[Math.floor(n / every) % copyDistances.length] ?? 0;
    const earlier = (n + 1) % every === 0 ? payments[n - distance] : undefined;
    return earlier === undefined ? [payment] : [payment, earlier];
  });

/** Takes every record out of the topic: a new group, which begins at the earliest, then finds only this run's. */
export const emptyTopic = async ({ admin }: Stage): Promise<void> => {
  const topic = paymentsCompleted.name;
  for (const [partition, offset] of (await admin.endOffsets(topic)).entries())
    if (offset > 0n) await admin.deleteRecords({ topic, partition, offset });
};

/** Records handed to the producer at once; see preload.ts. */
const chunkRecords = 5_000;

/** Appends payments in order, each in the partition of its order; resolves when all are acknowledged. */
export const appendPayments = async (
  stage: Stage,
  payments: readonly PaymentCompleted[],
  topic: string = paymentsCompleted.name,
): Promise<void> => {
  const producer = await stage.producer([topic]);
  const encode = await stage.codec.encoder(paymentsCompleted);
  try {
    for (let from = 0; from < payments.length; from += chunkRecords) {
      const records = payments.slice(from, from + chunkRecords).map((payment) => {
        const key = Buffer.from(paymentsCompleted.key(payment));
        return { key, value: encode(payment) };
      });
      const byPartition = Map.groupBy(records, ({ key }) => producer.partitionOf(topic, key));
      await Promise.all([...byPartition].map(([partition, some]) => producer.produce({ topic, partition }, some)));
    }
  } finally {
    await producer.close();
  }
};
