/** How long nothing was published: measured by the broker's own time stamps of verdicts, after the fact. */
import type { KafkaAdmin } from "../../engine/log/kafka/admin/admin.ts";
import { couponsIssued, couponsRefused } from "../../schemas/coupon.ts";

/** When verdicts were published, by partition, ascending; epoch ms. Requests and verdicts of a coupon share its partition. */
export type VerdictTimes = ReadonlyMap<number, readonly number[]>;

/** Reads when the verdicts of some coupons were published. */
export const readVerdictTimes = async (admin: KafkaAdmin, prefix: string): Promise<VerdictTimes> => {
  const times = new Map<number, number[]>();
  for (const { name } of [couponsIssued, couponsRefused]) {
    await admin.readTopic(name, (partition, records) => {
      const own = times.get(partition) ?? [];
      times.set(partition, own);
      for (const { key, timestampMs } of records) {
        if (key?.toString().startsWith(prefix) === true) own.push(timestampMs);
      }
    });
  }
  return new Map([...times].map(([partition, own]) => [partition, own.toSorted((a, b) => a - b)]));
};

/**
 * From `at` until the last of all partitions spoke again. What a dying worker had sent may still arrive for a moment,
 * `settleMs`, and is not a recovery. Undefined where a partition never did.
 */
export const recoveryAfter = (times: VerdictTimes, at: number, settleMs: number): number | undefined => {
  const nexts = [...times.values()].map((own) => own.find((time) => time > at + settleMs));
  if (nexts.length === 0 || nexts.includes(undefined)) return undefined;
  return Math.max(...nexts.map((next) => (next ?? at) - at));
};
